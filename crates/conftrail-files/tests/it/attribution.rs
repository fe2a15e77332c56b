//! Who made a change, and how that is known.

use std::fs;

use conftrail_core::{Action, Authority, Binding};

use super::watch::{Watch, git};

#[tokio::test]
async fn without_git_the_owner_is_a_guess_that_nobody_vouches_for() {
    let mut watch = Watch::new();
    watch.write("a.yaml", "v: 1\n");
    watch.open().await;
    watch.write("a.yaml", "v: 2\n");
    let event = watch.event().await;
    assert_eq!((event.actor.binding, event.actor.authority), (Binding::Heuristic, Authority::None));
    assert_eq!(event.actor.via.as_deref(), Some("file-owner"));
    assert!(event.actor.name.is_some() && event.reason.is_none());
    fs::remove_file(watch.path("a.yaml")).unwrap();
    let event = watch.event().await;
    assert_eq!((event.actor.binding, event.actor.name.as_deref()), (Binding::None, None));
}

#[tokio::test]
async fn committed_content_has_its_author_message_and_ticket() {
    let mut watch = Watch::new();
    let checkout = watch.path("checkout");
    let upstream = watch.path("upstream");
    fs::create_dir(&upstream).unwrap();
    git(&upstream, &["init", "-q"]);
    fs::create_dir_all(upstream.join("配置")).unwrap();
    fs::write(upstream.join("配置/a.yaml"), "v: 1\n").unwrap();
    fs::write(upstream.join("b.yaml"), "v: 1\n").unwrap();
    git(&upstream, &["add", "."]);
    git(&upstream, &["commit", "-q", "-m", "first"]);
    git(watch.directory.path(), &["clone", "-q", "upstream", "checkout"]);
    watch.config.path = checkout.clone();
    watch.open().await;

    fs::write(upstream.join("配置/a.yaml"), "v: 2\n").unwrap();
    let message = "提高上限, old password: geheim7x9\n\nTicket: CHG-1234\nApproved-by: Bob <bob@example.com>";
    git(&upstream, &["commit", "-q", "-a", "-m", message]);
    git(&checkout, &["pull", "-q", "--ff-only"]);
    let event = watch.event().await;
    assert_eq!(event.resource.id, "files:etc/配置/a.yaml");
    assert_eq!(event.actor.name.as_deref(), Some("Alice 刘"));
    assert_eq!((event.actor.binding, event.actor.authority), (Binding::Exact, Authority::Claimed));
    assert_eq!(event.actor.via.as_deref(), Some("git"));
    let reason = event.reason.as_ref().unwrap();
    assert_eq!((reason.ticket.as_deref(), reason.approver.as_deref()), (Some("CHG-1234"), Some("Bob")));
    assert_eq!(reason.authority, Authority::Claimed);
    let message = reason.message.as_deref().unwrap();
    assert!(message.starts_with("提高上限") && !message.contains("geheim7x9"), "{message}");
    assert_eq!(event.correlation.as_ref().unwrap().id, "CHG-1234");
    assert_eq!(event.position.as_ref().unwrap().get("commit").unwrap().as_text().unwrap().len(), 40);

    git(&upstream, &["rm", "-q", "b.yaml"]);
    git(&upstream, &["commit", "-q", "-m", "OPS-7 drop b"]);
    git(&checkout, &["pull", "-q", "--ff-only"]);
    let event = watch.event().await;
    assert_eq!((event.action, event.actor.binding), (Action::Delete, Binding::Exact));
    assert_eq!(event.reason.as_ref().unwrap().ticket.as_deref(), Some("OPS-7"));
}

#[tokio::test]
async fn a_secret_in_any_part_of_a_commit_is_masked() {
    const TOKEN: &str = "glpat-zYxWvUtSrQpOnMlKjIhG";
    let mut watch = Watch::new();
    let directory = watch.directory.path().to_owned();
    git(&directory, &["init", "-q"]);
    watch.write("a.yaml", "v: 1\n");
    git(&directory, &["add", "."]);
    git(&directory, &["commit", "-q", "-m", "first"]);
    watch.open().await;
    watch.write("a.yaml", "v: 2\n");
    let author = format!("--author=Alice {TOKEN} <{TOKEN}@example.com>");
    let message = format!("CHG-7: with {TOKEN}\n\nApproved-by: Bob {TOKEN}");
    git(&directory, &["commit", "-q", "-a", &author, "-m", &message]);
    let event = watch.event().await;
    let reason = event.reason.as_ref().unwrap();
    assert_eq!(reason.ticket.as_deref(), Some("CHG-7"));
    let mail = event.position.as_ref().unwrap().get("mail").unwrap().as_text();
    for told in [event.actor.name.as_deref(), reason.message.as_deref(), reason.approver.as_deref(), mail] {
        let told = told.unwrap();
        assert!(told.contains("hmac-sha256:") && !told.contains(TOKEN), "{told}");
    }
    assert!(!serde_json::to_string(&event).unwrap().contains(TOKEN));
}

#[tokio::test]
async fn what_differs_from_the_last_commit_is_nobodys_commit() {
    let mut watch = Watch::new();
    git(watch.directory.path(), &["init", "-q"]);
    watch.write("a.yaml", "v: 1\n");
    git(watch.directory.path(), &["add", "."]);
    git(watch.directory.path(), &["commit", "-q", "-m", "CHG-1 first"]);
    watch.open().await;
    watch.write("a.yaml", "v: 2\n");
    let event = watch.event().await;
    assert_eq!((event.actor.binding, event.actor.authority), (Binding::Heuristic, Authority::None));
    assert!(event.reason.is_none());
}

#[tokio::test]
async fn a_checkout_that_is_made_under_a_running_watch_is_noticed_and_so_is_its_end() {
    let mut watch = Watch::new();
    watch.write("a.yaml", "v: 1\n");
    watch.open().await;
    watch.write("a.yaml", "v: 2\n");
    assert_eq!(watch.event().await.actor.via.as_deref(), Some("file-owner"));
    let directory = watch.directory.path().to_owned();
    git(&directory, &["init", "-q"]);
    git(&directory, &["add", "."]);
    git(&directory, &["commit", "-q", "-m", "first"]);
    watch.write("a.yaml", "v: 3\n");
    git(&directory, &["commit", "-q", "-a", "-m", "CHG-7 raise it"]);
    let event = watch.event().await;
    assert_eq!((event.actor.via.as_deref(), event.actor.binding), (Some("git"), Binding::Exact));
    assert_eq!(event.reason.as_ref().unwrap().ticket.as_deref(), Some("CHG-7"));
    fs::remove_dir_all(directory.join(".git")).unwrap();
    watch.write("a.yaml", "v: 4\n");
    let event = watch.event().await;
    assert_eq!((event.actor.via.as_deref(), event.reason.is_some()), (Some("file-owner"), false));
}

#[tokio::test]
async fn a_checkout_cannot_make_us_run_what_it_likes() {
    let mut watch = Watch::new();
    let proof = watch.path("proof");
    let command = format!("touch {}", proof.display());
    git(watch.directory.path(), &["init", "-q"]);
    watch.write("app/a.yaml", "v: 1\n");
    git(watch.directory.path(), &["add", "."]);
    git(watch.directory.path(), &["commit", "-q", "-m", "first"]);
    for (name, value) in [
        ("core.fsmonitor", command.as_str()),
        ("core.pager", &command),
        ("pager.log", &command),
        ("gpg.program", &command),
        ("log.showSignature", "true"),
        ("filter.x.smudge", &command),
        ("filter.x.clean", &command),
        ("diff.x.textconv", &command),
        ("core.sshCommand", &command),
    ] {
        git(watch.directory.path(), &["config", name, value]);
    }
    fs::write(watch.path("app/.gitattributes"), "* filter=x diff=x\n").unwrap();
    watch.config.path = watch.path("app");
    watch.open().await;
    watch.write("app/a.yaml", "v: 2\n");
    watch.event().await;
    assert!(!proof.exists());
}
