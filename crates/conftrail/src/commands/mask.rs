//! `mask hash`: what stands in the trail for a secret.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use conftrail_core::mask::Masker;
use serde_json::json;

use crate::cli::{Common, MaskCommand};
use crate::output::Printer;
use crate::{configured, mask_key};

/// `conftrail mask`.
pub(crate) fn run(common: &Common, command: MaskCommand) -> anyhow::Result<ExitCode> {
    let MaskCommand::Hash { value } = command;
    let clear = if value == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("cannot read stdin")?;
        text.trim_end_matches(['\n', '\r']).to_owned()
    } else {
        value
    };
    let config = configured(common)?;
    let key = mask_key::read(&mask_key::path(&config))?;
    let masker = Masker::new(key, &config.mask.rules()).map_err(|error| anyhow!("mask: {error:?}"))?;
    let hash = masker.hash(&clear);
    Printer::new(common).print(&json!({ "masked": hash }), |_| hash.clone())?;
    Ok(ExitCode::SUCCESS)
}
