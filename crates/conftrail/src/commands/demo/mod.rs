//! `demo`: the real pipeline on sample configuration that it edits itself, with a local mail box.

mod sample;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use conftrail_core::alerting::{Notification, NotificationState};
use conftrail_core::ports::{Page, SearchRequest};
use conftrail_core::query::Query;
use conftrail_engine::message::Presentation;
use tokio_util::sync::CancellationToken;

use super::run::stop_on_signals;
use crate::app::App;
use crate::cli::Common;
use crate::output::{Printer, event_with_diff};
use crate::{config, say, telemetry};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a step is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// `conftrail demo`.
pub(crate) async fn run(common: &Common, directory: Option<PathBuf>, once: bool) -> anyhow::Result<ExitCode> {
    let directory = directory.unwrap_or_else(|| PathBuf::from("conftrail-demo"));
    sample::write(&directory)?;
    let file = directory.join(config::DEFAULT_FILE);
    let config = config::load(Some(&file)).map_err(|problems| {
        anyhow::anyhow!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    telemetry::start(&config.telemetry.log)?;
    let shutdown = CancellationToken::new();
    let app = App::start(&config, &[], shutdown.clone()).await?;
    let stores = app.stores.clone();
    let show = async {
        let story = tell(common, &directory, &stores).await;
        if once || story.is_err() {
            shutdown.cancel();
        } else {
            say("The instance keeps running for these commands; ctrl-c ends it.");
        }
        story
    };
    let outcome = tokio::select! {
        (finished, story) = async { tokio::join!(app.run(), show) } => finished.and(story),
        insisted = stop_on_signals(shutdown.clone()) => insisted,
    };
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Edits the sample and shows what became of the edits.
async fn tell(common: &Common, directory: &Path, stores: &crate::app::Stores) -> anyhow::Result<()> {
    let printer = Printer::new(common);
    until("the sample files to be learned", async || {
        Ok(stores.control.load_checkpoint("demo").await?.filter(|checkpoint| !checkpoint.state.is_empty()))
    })
    .await?;
    say(&format!(
        "conftrail watches {}.\nNow three edits: a pool size, a password and a timeout.\n",
        directory.join("config").display()
    ));
    sample::edit(directory)?;
    let page = until("the three changes to be on record", async || {
        let page = stores.reader.search(search()?).await?;
        Ok((page.events.len() >= sample::EDITS).then_some(page))
    })
    .await?;
    say("On record, newest first (`conftrail log -p`):\n");
    show(&page, &printer)?;
    let mail = until("the mail to arrive", async || {
        let sent = stores.control.notifications(NotificationState::Sent, 1).await?;
        Ok(sent.into_iter().next())
    })
    .await?;
    show_mail(&mail, directory)?;
    say(&next_steps(directory, &page));
    Ok(())
}

fn search() -> anyhow::Result<SearchRequest> {
    let query = Query::parse("source.name:demo")?;
    Ok(SearchRequest { query, since: None, until: None, limit: 10, cursor: None })
}

fn show(page: &Page, printer: &Printer) -> anyhow::Result<()> {
    for event in &page.events {
        printer.print(event, |printer| event_with_diff(event, printer) + "\n")?;
    }
    Ok(())
}

fn show_mail(mail: &Notification, directory: &Path) -> anyhow::Result<()> {
    let text = conftrail_notify::mail::plain_text(mail, &Presentation::default()).unwrap_or_default();
    say(&format!(
        "\nThe rule demo/pool-changed made it an alert, and the alert became this mail in {}:\n",
        directory.join("mail").display()
    ));
    for line in text.lines() {
        say(&format!("  | {line}"));
    }
    Ok(())
}

fn next_steps(directory: &Path, page: &Page) -> String {
    let file = directory.join(config::DEFAULT_FILE);
    let file = file.display();
    let id = page.events.first().map(|event| event.id.to_string()).unwrap_or_default();
    // As it was called, so that the lines can be pasted: a newcomer has it in target/release.
    let called = std::env::args().next().unwrap_or_else(|| "conftrail".to_owned());
    format!(
        "\nWhat to type next, in another terminal:\n\
         \x20 {called} -c {file} log -p\n\
         \x20 {called} -c {file} search 'path:*timeout*' --facet actor.name,resource.name\n\
         \x20 {called} -c {file} show {id}\n\
         \x20 {called} -c {file} ledger\n\
         Edit a file in {} and look again; rules and routing are in {}.\n\
         Then on your own files:  {called} run --watch /etc/app\n",
        directory.join("config").display(),
        directory.join("rules").display(),
    )
}

/// Waits for a step, which answers with what it was waited for.
async fn until<T>(what: &str, mut step: impl AsyncFnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(done) = step().await.with_context(|| format!("while waiting for {what}"))? {
            return Ok(done);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(LOOK).await;
    }
}
