//! Why a row could not be decoded: places, types and sizes, never values.

/// Says why an event or a row could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The event type is none of the rows events known here.
    #[error("decode rows event: event type {event_type} is not known")]
    EventType {
        /// The type in the event's header.
        event_type: u8,
    },
    /// The event ends before its rows begin.
    #[error("decode rows event of {bytes} bytes: cut short in its header")]
    Header {
        /// The size of the event's body.
        bytes: usize,
    },
    /// The event has another number of columns than the table map.
    #[error("decode rows event: it has {event} columns and the table map {plan}")]
    ColumnCount {
        /// Columns in the event.
        event: usize,
        /// Columns in the plan.
        plan: usize,
    },
    /// The bytes of a row end before the row does; the rest of the event is lost.
    #[error("decode row: cut short in its null bitmap with {bytes} bytes left")]
    NullBitmap {
        /// What was left of the event.
        bytes: usize,
    },
    /// What an update says about its after image ends early or is not known; the rest of the event is lost.
    #[error("decode row: cut short or not known is what its after image holds, with {bytes} bytes left")]
    AfterImage {
        /// What was left of the event.
        bytes: usize,
    },
    /// The event says that its rows have no columns, and yet there are bytes.
    #[error("decode row: no columns and {bytes} bytes left")]
    NoColumns {
        /// What was left of the event.
        bytes: usize,
    },
    /// A cell could not be decoded.
    #[error("decode column {column} of type {column_type}, {bytes} bytes: {problem}")]
    Cell {
        /// The column's index in the table, from 0.
        column: usize,
        /// The type code in the table map.
        column_type: u8,
        /// The size of the cell, or what was left of the event when the cell does not end within it.
        bytes: usize,
        /// What is wrong.
        problem: CellProblem,
    },
}

/// Says what is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellProblem {
    /// The event ends within the cell; the rest of the event is lost.
    #[error("cut short")]
    CutShort,
    /// The type has no decoder and its cells no known end; the rest of the event is lost.
    #[error("type not supported")]
    Unsupported,
    /// A number or a packed date of the wrong size or with impossible digits.
    #[error("malformed")]
    Malformed,
    /// An ENUM or SET value has no label.
    #[error("no such label")]
    NoLabel,
    /// The JSON document is damaged, too deep, or refers to itself.
    #[error("malformed json document")]
    Json,
    /// The differences of a JSON document are damaged or do not fit the document before them.
    #[error("json differences that do not fit the document")]
    Differences,
    /// The server logged the differences of a JSON document and not the document before them.
    #[error("json differences without the document before them")]
    NoDocument,
    /// The geometry is damaged or too deep.
    #[error("malformed geometry")]
    Geometry,
}

impl DecodeError {
    /// Says whether the rows behind this one in the same event are lost too.
    pub fn loses_the_rest(&self) -> bool {
        match self {
            Self::Cell { problem, .. } => matches!(problem, CellProblem::CutShort | CellProblem::Unsupported),
            _ => true,
        }
    }
}
