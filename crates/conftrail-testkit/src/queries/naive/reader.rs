//! Reads a query's text, as the grammar of docs/query.md stands.

/// What a query asks.
#[derive(Clone, Debug)]
pub(super) enum Question {
    Everything,
    All(Vec<Question>),
    Any(Vec<Question>),
    Not(Box<Question>),
    Field(String, Test),
    /// A bare word or phrase, cut at its stars.
    Words(Vec<String>),
}

/// What is asked of a field.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Present,
    /// The whole value, cut at its stars.
    Is(Vec<String>),
    Compare(String, String),
}

/// Reads a query.
pub(super) fn read(text: &str) -> Question {
    let mut reader = Reader { characters: text.chars().collect(), at: 0 };
    let question = reader.any();
    reader.space();
    assert_eq!(reader.at, reader.characters.len(), "nothing is left of {text}");
    question
}

struct Reader {
    characters: Vec<char>,
    at: usize,
}

impl Reader {
    fn next(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.next().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn sign(&mut self, sign: char) -> bool {
        let is_next = self.next() == Some(sign);
        self.at += usize::from(is_next);
        is_next
    }

    fn keyword(&mut self, word: &str) -> bool {
        self.space();
        let end = self.at + word.len();
        let Some(found) = self.characters.get(self.at..end) else { return false };
        let after = self.characters.get(end);
        let ends = after.is_none_or(|next| next.is_whitespace() || "()\"".contains(*next));
        let is_next = ends && found.iter().collect::<String>().eq_ignore_ascii_case(word);
        if is_next {
            self.at = end;
        }
        is_next
    }

    fn any(&mut self) -> Question {
        let mut ways = vec![self.all()];
        while self.keyword("or") {
            ways.push(self.all());
        }
        Question::Any(ways)
    }

    fn all(&mut self) -> Question {
        let mut parts = vec![self.not()];
        loop {
            self.space();
            let before = self.at;
            let at_or = self.keyword("or");
            self.at = before;
            if at_or || matches!(self.next(), None | Some(')')) {
                return Question::All(parts);
            }
            self.keyword("and");
            parts.push(self.not());
        }
    }

    fn not(&mut self) -> Question {
        if self.keyword("not") {
            return Question::Not(Box::new(self.not()));
        }
        self.space();
        if self.sign('(') {
            let inner = self.any();
            assert!(self.sign(')'), "a parenthesis is closed");
            return inner;
        }
        self.leaf()
    }

    fn leaf(&mut self) -> Question {
        let pieces = self.word(":<>");
        self.space();
        if self.sign(':') {
            return self.values(&pieces.concat());
        }
        for sign in ["<", ">"] {
            if self.sign(sign.chars().next().expect("one sign")) {
                let sign = format!("{sign}{}", if self.sign('=') { "=" } else { "" });
                self.space();
                return Question::Field(pieces.concat(), Test::Compare(sign, self.word("").concat()));
            }
        }
        if pieces.len() > 1 && pieces.concat().is_empty() {
            Question::Everything
        } else {
            Question::Words(pieces)
        }
    }

    fn values(&mut self, field: &str) -> Question {
        self.space();
        if !self.sign('(') {
            return self.value(field);
        }
        let mut values = Vec::new();
        loop {
            self.space();
            values.push(self.value(field));
            self.space();
            if self.sign(')') {
                return Question::Any(values);
            }
            assert!(self.keyword("or"), "values are joined by or");
        }
    }

    fn value(&mut self, field: &str) -> Question {
        let pieces = self.word("");
        let is_any = pieces.len() > 1 && pieces.concat().is_empty();
        Question::Field(field.to_owned(), if is_any { Test::Present } else { Test::Is(pieces) })
    }

    /// Reads a word or a phrase, cut at its stars; a bare word also ends at these signs.
    fn word(&mut self, ends: &str) -> Vec<String> {
        let mut pieces = vec![String::new()];
        let quoted = self.sign('"');
        while let Some(character) = self.next() {
            if quoted && character == '"' {
                self.at += 1;
                break;
            }
            if !quoted
                && (character.is_whitespace() || "()\"".contains(character) || ends.contains(character))
            {
                break;
            }
            self.at += 1;
            let piece = pieces.last_mut().expect("there is always one");
            match character {
                '\\' => {
                    piece.push(self.next().expect("something is escaped"));
                    self.at += 1;
                }
                '*' if !quoted => pieces.push(String::new()),
                plain => piece.push(plain),
            }
        }
        pieces
    }
}
