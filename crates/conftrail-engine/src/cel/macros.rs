//! Macros: each is checked in itself, so that a mistake is told once and where it stands.

use std::collections::BTreeSet;

use crate::cel::complaint::Complaint;
use crate::cel::lower::{Use, lower};
use crate::cel::names::Names;

/// Checks all macros, marks those that are broken, and returns what is wrong, each with the macro in whose text it stands.
pub(crate) fn check_macros(names: &mut Names<'_>) -> Vec<(String, Complaint)> {
    let mut told = BTreeSet::new();
    let mut complaints = Vec::new();
    let mut broken = Vec::new();
    for (name, known) in &names.macros {
        let Some(tree) = &known.tree else { continue };
        let Err(found) = lower(tree, known.text.clone(), names, Use::Macro { name }) else { continue };
        broken.push(name.clone());
        for complaint in found {
            let within = complaint.within.clone().unwrap_or_else(|| name.clone());
            let span = complaint.span;
            if told.insert((within.clone(), span.start, span.end, complaint.message.clone())) {
                complaints.push((within, complaint));
            }
        }
    }
    for name in broken {
        if let Some(known) = names.macros.get_mut(&name) {
            known.broken = true;
        }
    }
    complaints
}
