//! What a caller may see: conftrail's own audit is for auditors.

use conftrail_core::Event;
use conftrail_core::own::Role;
use conftrail_core::query::{Field, Query};

use crate::access::Caller;
use crate::problem::Problem;

/// The kind of the built-in source that holds conftrail's own acts.
const OWN: &str = "conftrail";

impl Caller {
    fn sees_own_audit(&self) -> bool {
        self.role >= Role::Auditor
    }

    /// Narrows a query to what the caller may see.
    pub(crate) fn narrow(&self, query: Query) -> Query {
        if self.sees_own_audit() {
            return query;
        }
        let own = Query::equals(Field::SourceKind, OWN);
        Query::and(vec![query, Query::Not(Box::new(own))])
    }

    /// Says whether the caller may see an event.
    pub(crate) fn may_see(&self, event: &Event) -> bool {
        self.sees_own_audit() || &*event.source.kind != OWN
    }

    /// Says whether the caller may see a resource, by its id.
    pub(crate) fn may_see_resource(&self, id: &str) -> bool {
        self.sees_own_audit() || !is_own(id)
    }

    /// Refuses to read a resource, or all below a prefix, of conftrail's own audit.
    pub(crate) fn must_see_resource(&self, id: &str) -> Result<(), Problem> {
        if self.may_see_resource(id) {
            Ok(())
        } else {
            Err(Problem::forbidden("conftrail's own audit needs the role auditor"))
        }
    }
}

/// Says whether an id, is one of conftrail's own.
fn is_own(id: &str) -> bool {
    id.strip_prefix(OWN).is_some_and(|rest| rest.starts_with(':'))
}
