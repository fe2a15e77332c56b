//! MySQL's text of a GTID set: `uuid:1-7:9-10:tag:1-3,uuid:5`.

use std::fmt;
use std::str::FromStr;

use super::id::MOST_GNO;
use super::{GtidSet, ServerUuid, Tag, Tsid};

/// Says what is wrong with a GTID or a set of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GtidError {
    /// A server's UUID is not 32 hex digits.
    #[error("parse gtid set: a server uuid is malformed")]
    Uuid,
    /// A tag has characters it must not have, or too many.
    #[error("parse gtid set: a tag is malformed")]
    Tag,
    /// A number or interval is malformed or out of range.
    #[error("parse gtid set: an interval is malformed")]
    Interval,
    /// A GTID of MariaDB is not `domain-server-sequence`, or a domain stands twice.
    #[error("parse gtid position: expected domain-server-sequence, one for each domain")]
    Mariadb,
    /// Binary form: cut short, or more than its own counts tell.
    #[error("decode gtid set of {bytes} bytes")]
    Encoding {
        /// The size of what was given.
        bytes: usize,
    },
}

impl FromStr for GtidSet {
    type Err = GtidError;

    /// Reads MySQL's text. White space and empty parts do not matter, nor do overlaps, order and capitals; `5-3` is
    /// empty, as on the server.
    fn from_str(text: &str) -> Result<Self, GtidError> {
        let mut set = Self::default();
        for of_server in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let mut parts = of_server.split(':').map(str::trim);
            let uuid: ServerUuid = parts.next().unwrap_or_default().parse()?;
            let mut tsid = Tsid { uuid, tag: None };
            let mut tag_is_open = true;
            for part in parts {
                if part.starts_with(|first: char| first.is_ascii_digit()) {
                    let (start, end) = interval(part).ok_or(GtidError::Interval)?;
                    set.add_interval(&tsid, start, end);
                    tag_is_open = false;
                } else {
                    tsid.tag = Some(Tag::new(part)?);
                    tag_is_open = true;
                }
            }
            // A server or a tag without a number is cut short.
            if tag_is_open {
                return Err(GtidError::Interval);
            }
        }
        Ok(set)
    }
}

/// Reads `7` or `9-10` as a start and what comes behind the end.
fn interval(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| text.trim().parse::<u64>().ok().filter(|number| *number <= MOST_GNO);
    let (start, last) = match text.split_once('-') {
        Some((start, last)) => (number(start)?, number(last)?),
        None => (number(text)?, number(text)?),
    };
    (start >= 1).then_some((start, last + 1))
}

impl fmt::Display for GtidSet {
    /// Writes MySQL's text without the line breaks that `@@gtid_executed` has after its commas.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last: Option<ServerUuid> = None;
        for (tsid, intervals) in &self.of_tsid {
            if last != Some(tsid.uuid) {
                let comma = if last.is_some() { "," } else { "" };
                write!(formatter, "{comma}{}", tsid.uuid)?;
                last = Some(tsid.uuid);
            }
            if let Some(tag) = &tsid.tag {
                write!(formatter, ":{}", tag.as_str())?;
            }
            for interval in intervals.iter() {
                if interval.end - interval.start == 1 {
                    write!(formatter, ":{}", interval.start)?;
                } else {
                    write!(formatter, ":{}-{}", interval.start, interval.end - 1)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{GtidError, GtidSet};

    const ONE: &str = "c9f06a51-0000-0000-0000-000000000001";
    const TWO: &str = "a9f06a51-0000-0000-0000-000000000002";

    fn parse(text: &str) -> GtidSet {
        text.parse().expect("a set")
    }

    #[test]
    fn text_is_brought_into_the_form_the_server_prints() {
        // What MySQL 9.7.4 answered to GTID_SUBTRACT of this text and `…:3`, without the line break.
        let text =
            format!("{ONE}:1-5:7:9-10,{ONE}:zeta:1,\n{ONE}:abc:1-3:5, {TWO}:2,{ONE}:20:_x:1-3,{ONE}:11 - 12");
        let mut set = parse(&text);
        set.subtract(&parse(&format!("{ONE}:3")));
        let expected = format!("{TWO}:2,{ONE}:1-2:4-5:7:9-12:20:_x:1-3:abc:1-3:5:zeta:1");
        assert_eq!(set.to_string(), expected);
        assert_eq!(parse(&expected), set);
    }

    #[test]
    fn gaps_are_kept() {
        let set = parse(&format!("{ONE}:1-7:9-10"));
        assert!(!set.contains(&format!("{ONE}:8").parse().expect("a gtid")));
        assert_eq!(set.to_string(), format!("{ONE}:1-7:9-10"));
        assert_eq!(set.count(), 9);
    }

    #[test]
    fn empty_text_is_the_empty_set_and_an_inverted_interval_is_empty() {
        assert!(parse("").is_empty());
        assert!(parse(" ,\n").is_empty());
        assert!(parse(&format!("{ONE}:5-3")).is_empty());
    }

    #[test]
    fn malformed_text_is_refused() {
        let check =
            |rest: &str, error| assert_eq!(format!("{ONE}{rest}").parse::<GtidSet>(), Err(error), "{rest}");
        check("", GtidError::Interval);
        check(":", GtidError::Tag);
        check(":0", GtidError::Interval);
        check(":1-", GtidError::Interval);
        check(":1-2-3", GtidError::Interval);
        check(":9223372036854775807", GtidError::Interval);
        check(":1:tag", GtidError::Interval);
        check(":t-g:1", GtidError::Tag);
        assert_eq!("nonsense:1".parse::<GtidSet>(), Err(GtidError::Uuid));
    }
}
