//! Masking of generated documents: whatever is put together, masking again changes nothing and no planted secret
//! stays.

use conftrail_core::document::{Document, Format, MaskedDocument};

use super::masker;

/// A small generator of pseudo-random numbers (xorshift), seeded per case so that a failure names its case.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn secret(&mut self) -> String {
        let alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789".as_bytes();
        let mut secret: String = (0..14).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect();
        // As generators do that follow password rules: at least one digit between letters.
        secret.replace_range(3..4, "7");
        secret.replace_range(9..10, "4");
        secret
    }
}

const PIECES: &[&str] = &[
    "password",
    "token: ",
    "=",
    ":",
    ": ",
    " ",
    "\n",
    "\n  ",
    "\n- ",
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ",",
    "a",
    "b: c",
    "\\",
    "\\\"",
    "#",
    "# ",
    "//",
    "/*",
    "*/",
    "<",
    ">",
    "</",
    "<password>",
    "name=\"api_key\" ",
    "value=\"x8Kq2mPz91Lw\"",
    "|",
    ">-",
    "&a ",
    "*a",
    "---\n",
    "mysql://u:p@h/",
    "jdbc:",
    "@",
    "eyJhbGciOi.eyJzdWIi.x",
    "密码",
    "是",
    "：",
    "；",
    "hmac-sha256:0123abcd:0123456789ab",
    "hmac-sha256:",
    "x8Kq2mPz91Lw",
    "T7v0QpZr4uXa",
    "true",
    "null",
    "12",
    "kind: Secret",
    "\ndata:",
    "\r\n",
    "\t",
    "<!-- ",
    " -->",
    "，请",
    "-----BEGIN PRIVATE KEY-----",
    "MIIE",
    "Bearer ",
    "identified by '",
    "-p",
    "secret",
    "\u{feff}",
    "é",
];

const FORMATS: [Format; 6] =
    [Format::Yaml, Format::Json, Format::Properties, Format::Toml, Format::Xml, Format::Text];

#[test]
fn masking_any_text_again_changes_nothing() {
    let masker = masker();
    for case in 1..6000_u64 {
        let mut numbers = Numbers(case.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let text: String = (0..numbers.below(24) + 1).map(|_| numbers.pick(PIECES)).collect();
        let once = masker.text(&text).into_owned();
        assert_eq!(masker.text(&once), once, "text case {case}: {text:?}");
        let statement = masker.sql(&text);
        assert_eq!(masker.sql(&statement), statement, "sql case {case}: {text:?}");
        for format in FORMATS {
            let masked = Document::new(format, &text).mask(&masker);
            let again = Document::new(format, &masked.text).mask(&masker);
            assert_eq!(again.text, masked.text, "{} case {case}: {text:?}", format.as_str());
            // What did not parse may do so without its secret.
            if !masked.unparsed {
                let read = MaskedDocument::of_masked(format, masked.text.clone());
                assert_eq!(again, masked, "{} case {case}: {text:?}", format.as_str());
                assert_eq!(read, masked, "{} case {case}: {text:?}", format.as_str());
            }
        }
    }
}

/// Lines with a place for a secret, per format; all together they make a document that parses.
const YAML: &[&str] = &[
    "K: §",
    "K: '§'",
    "K: \"§\" # note",
    "K: |\n  §\n  more",
    "K: [§, b]",
    "K: {x: §}",
    "K:\n  - §",
    "K:\n  x: §",
    "K: !!str §",
    "# K: §",
    "o: 1 # K=§",
    "u: http://a:§@h/",
    "e: [{name: K, value: §}]",
    "t: |\n  x=1\n  K=§",
    "c: 'run --K=§ now'",
];
const JSON: &[&str] = &[
    "\"K\": \"§\"",
    "\"K\": [\"§\", 1]",
    "\"K\": {\"x\": \"§\"}",
    "\"o\": 1 // K=§\n",
    "\"o\": /* K: § */ 1",
    "\"u\": \"http://a:§@h/\"",
    "\"e\": {\"key\": \"K\", \"value\": \"§\"}",
    "\"t\": \"{\\\"K\\\": \\\"§\\\"}\"",
];
const PROPERTIES: &[&str] = &[
    "x.K=§",
    "K : §",
    "K §",
    "# K=§",
    "u=http://a:§@h/",
    "a\\ b.K = x\\\n  §",
    "n=1\\\n2\n!K: §",
    "c=run --K=§ now",
];
const TOML: &[&str] = &[
    "\"K\" = \"§\"",
    "\"K\" = '§' # note",
    "\"K\" = [\"§\", 1, true]",
    "\"K\" = { x = \"§\" }",
    "\"K\".x.y = \"§\"",
    "\"K\" = \"\"\"\n§\nmore\"\"\"",
    "\"K\" = '''\n§'''",
    "[[t.\"K\"]]\nx = \"§\"",
    "# K: §",
    "[u.\"K\"]\nurl = \"http://a:§@h/\"",
    "[e.\"K\"]\nx = [{ name = \"K\", value = \"§\" }]",
    "[t.\"x-K\"]\nt = \"\"\"\nx=1\nK=§\n\"\"\"",
];
const XML: &[&str] = &[
    "<K>§</K>",
    "<K x='1'>§</K>",
    "<K><x>§</x></K>",
    "<K value=\"§\"/>",
    "<x K='§' y='1'/>",
    "<K><![CDATA[§]]></K>",
    "<K>&lt;§&gt; &amp;</K>",
    "<!-- K: § -->",
    "<!-- <property name=\"K\" value=\"§\"/> -->",
    "<p name=\"K\" value=\"§\"/>",
    "<p value=\"§\" key=\"K\"/>",
    "<entry key='K'>§</entry>",
    "<e><name>K</name><value>§</value></e>",
    "<p name='K'><list><value>§</value></list></p>",
    "<u>http://a:§@h/</u>",
    "<c>run --K=§ now</c>",
    "<t><![CDATA[\nx=1\nK=§\n]]></t>",
];
const NAMES: &[&str] =
    &["password", "db_password", "apiKey", "accessToken", "client-secret", "密码", "smtp_pass", "privateKey"];

#[test]
fn no_secret_stays_wherever_it_is_put() {
    let masker = masker();
    let mut planted = 0;
    let mut gone = 0;
    for case in 1..2500_u64 {
        let mut numbers = Numbers(case.wrapping_mul(0xD134_2543_DE82_EF95));
        for (format, lines) in [
            (Format::Yaml, YAML),
            (Format::Json, JSON),
            (Format::Properties, PROPERTIES),
            (Format::Toml, TOML),
            (Format::Xml, XML),
        ] {
            let mut secrets = Vec::new();
            let mut entries = Vec::new();
            for index in 0..numbers.below(5) + 1 {
                let secret = numbers.secret();
                let line = numbers.pick(lines).replace('K', &format!("x{index}_{}", numbers.pick(NAMES)));
                entries.push(line.replace('§', &secret));
                secrets.push(secret);
            }
            let mut text = match format {
                Format::Json => format!("{{{}}}", entries.join(",\n")),
                Format::Xml => format!("<a>{}</a>", entries.join("\n")),
                _ => entries.join("\n"),
            };
            // Every third one is cut short or spoilt, so that it may not parse.
            if case % 3 == 0 {
                text.push_str("\n{{ spoilt: [\n");
            }
            let masked = Document::new(format, &text).mask(&masker);
            planted += secrets.len();
            let left: Vec<&String> = secrets.iter().filter(|secret| masked.text.contains(*secret)).collect();
            gone += secrets.len() - left.len();
            assert!(left.is_empty(), "case {case}: {left:?} left of\n{text}\nin\n{}", masked.text);
            assert!(case % 3 == 0 || !masked.unparsed, "case {case}: {text}\n{}", masked.text);
        }
    }
    assert!(planted > 10_000);
    assert_eq!(planted, gone);
}

/// Openings whose ends never come, and what makes a careless scanner start over at each.
const HURTFUL: &[&str] = &[
    "password=",
    "password: \"",
    "<password>",
    "password: [",
    "password: {",
    "password:\n  a",
    "password:\n",
    "password 'x ",
    "password\\\"",
    "password=\\\n",
    "password=&",
    "apiapi",
    "# password: |\n",
    "\"name\": \"password\",",
    "<a name=\"password\" ",
    "<a>",
    "<a b='1' ",
    "<!ENTITY a \"",
    "&a;",
    "<![CDATA[",
    "a.",
    "[[a]]\n",
    "[a.b]\n",
    "a = {",
    "://a:b",
    "://a",
    "a:b@tcp(",
    "mysql -p x ",
    "eyJaaaaaaa.",
    "-----BEGIN PRIVATE KEY-----",
    "$2a$aaaaaaaa",
    "identified by 'a' ",
    "insert into t (",
    "insert;",
    "/*!",
    "/*! x */",
    "password in (",
    "kind: Secret\ndata: {",
    "[",
    "{",
    "- ",
    "a: ",
    "&a ",
    "? ",
    "'",
    "\"",
    "{a: ",
    "!x ",
    "x: |\n ",
    "\\",
    "\t",
];

#[test]
fn texts_made_to_hurt_cost_no_more_than_their_length() {
    let masker = masker();
    for unit in HURTFUL {
        let text = unit.repeat(100_000 / unit.len());
        let started = std::time::Instant::now();
        for format in FORMATS {
            Document::new(format, &text).mask(&masker);
        }
        masker.sql(&text);
        // A tenth of a second where this was written; starting over at each opening took a minute.
        assert!(started.elapsed().as_secs() < 10, "{unit:?} took {:?}", started.elapsed());
    }
}
