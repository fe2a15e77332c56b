//! `blame`: who set each part of a resource's content.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::{explain, questions};
use conftrail_pipeline::now;

use crate::cli::{BlameArgs, Common};
use crate::output::{self, Printer, parse_time};
use crate::{reader, say};

/// `conftrail blame`: exit 1 when nothing is on record.
pub(crate) async fn run(common: &Common, arguments: BlameArgs) -> anyhow::Result<ExitCode> {
    let BlameArgs { resource, path, at, reading } = arguments;
    let printer = Printer::new(common);
    let at = at.map(|at| parse_time(&at, printer.zone, now())).transpose()?;
    let trail = reader::open(common, &reading).await?;
    let found = questions::blame(&*trail, &resource, path.as_deref(), at).await;
    let Some(found) = found.map_err(|error| anyhow!(explain(&error)))? else {
        say(&match printer.language.pick("en", "zh") {
            "zh" => format!("没有 `{resource}` 的记录；完整的资源 id 见 `conftrail log`"),
            _ => format!(
                "nothing is on record of `{resource}`; a resource's whole id stands in `conftrail log`"
            ),
        });
        return Ok(ExitCode::from(1));
    };
    if found.lines.is_empty() && found.removed.is_none() {
        say(match path {
            Some(_) => printer.language.pick("nothing stands at this path", "该路径下没有内容"),
            None => printer
                .language
                .pick("its content is not kept, see `conftrail show`", "其内容未保留，见 `conftrail show`"),
        });
    }
    if !found.lines.is_empty() || found.removed.is_some() || printer.output == crate::cli::Output::Json {
        printer.print(&found, |printer| output::blame(&found, printer))?;
    }
    Ok(ExitCode::SUCCESS)
}
