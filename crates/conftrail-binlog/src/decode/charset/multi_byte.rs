//! Character sets of one, two and three bytes per character.
//!
//! encoding_rs knows the web's tables. MySQL's gbk, gb18030, cp932 and euckr are the same; where the others differ, the
//! runs below are MySQL's own answers to `CONVERT(… USING utf8mb4)` for every pair of bytes (MySQL 9.7).

use encoding_rs::Encoding;

/// Consecutive codes from the first on, and their characters.
type Run = (u16, &'static str);

/// Decodes one set.
#[derive(Debug)]
pub(super) struct MultiByte {
    encoding: &'static Encoding,
    /// In ascending order.
    differs: &'static [Run],
    /// Whether rows 0xf5 to 0xfe are for users, which MySQL maps to U+E000 and on.
    has_user_rows: bool,
    /// The lowest byte that begins a character of two bytes.
    lowest_lead: u8,
    /// Whether 0xa0 to 0xdf are characters of their own: half-width katakana.
    has_half_width: bool,
}

static GB18030: MultiByte = MultiByte::plain(encoding_rs::GB18030);
static GBK: MultiByte = MultiByte::plain(encoding_rs::GBK);
static CP932: MultiByte = MultiByte::plain(encoding_rs::SHIFT_JIS);
static EUCKR: MultiByte = MultiByte::plain(encoding_rs::EUC_KR);
static BIG5_SET: MultiByte = MultiByte { differs: BIG5, ..MultiByte::plain(encoding_rs::BIG5) };
static GB2312_SET: MultiByte = MultiByte { differs: GB2312, ..MultiByte::plain(encoding_rs::GBK) };
static SJIS_SET: MultiByte = MultiByte {
    differs: SJIS,
    lowest_lead: 0x81,
    has_half_width: true,
    ..MultiByte::plain(encoding_rs::SHIFT_JIS)
};
static UJIS_SET: MultiByte =
    MultiByte { differs: UJIS, has_user_rows: true, ..MultiByte::plain(encoding_rs::EUC_JP) };
static EUCJPMS_SET: MultiByte = MultiByte { has_user_rows: true, ..MultiByte::plain(encoding_rs::EUC_JP) };

impl MultiByte {
    const fn plain(encoding: &'static Encoding) -> Self {
        Self { encoding, differs: &[], has_user_rows: false, lowest_lead: 0xa1, has_half_width: false }
    }

    /// Finds a set by MySQL's name.
    pub(super) fn by_name(name: &str) -> Option<&'static Self> {
        match name {
            "big5" => Some(&BIG5_SET),
            "gb2312" => Some(&GB2312_SET),
            "gbk" => Some(&GBK),
            "gb18030" => Some(&GB18030),
            "sjis" => Some(&SJIS_SET),
            "cp932" => Some(&CP932),
            "ujis" => Some(&UJIS_SET),
            "eucjpms" => Some(&EUCJPMS_SET),
            "euckr" => Some(&EUCKR),
            _ => None,
        }
    }

    /// Turns bytes into text; `None` when they are no text of this set.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<String> {
        if !bytes.iter().any(|byte| self.may_lead_a_difference(*byte)) {
            return self.whole(bytes);
        }
        let mut text = String::with_capacity(bytes.len() * 3 / 2);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (character, behind) = rest.split_at_checked(self.length(rest))?;
            match self.difference(character) {
                Some(different) => text.push(different),
                None => text.push_str(&self.whole(character)?),
            }
            rest = behind;
        }
        Some(text)
    }

    fn whole(&self, bytes: &[u8]) -> Option<String> {
        self.encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
    }

    fn may_lead_a_difference(&self, byte: u8) -> bool {
        (self.has_user_rows && byte >= 0xf5)
            || self.differs.iter().any(|(first, _)| first.to_be_bytes()[0] == byte)
    }

    /// Returns how many bytes the first character has. EUC-JP has two shifts: 0x8e of two bytes, 0x8f of three.
    fn length(&self, rest: &[u8]) -> usize {
        match rest.first() {
            Some(0x8f) if self.lowest_lead == 0xa1 => 3,
            Some(0x8e) if self.lowest_lead == 0xa1 => 2,
            Some(0xa0..=0xdf) if self.has_half_width => 1,
            Some(lead) if *lead >= self.lowest_lead => 2,
            _ => 1,
        }
    }

    fn difference(&self, character: &[u8]) -> Option<char> {
        let [lead, trail] = character else {
            return None;
        };
        if self.has_user_rows && (0xf5..=0xfe).contains(lead) && (0xa1..=0xfe).contains(trail) {
            return char::from_u32(0xe000 + u32::from(lead - 0xf5) * 94 + u32::from(trail - 0xa1));
        }
        let code = u16::from_be_bytes([*lead, *trail]);
        let run = self.differs.partition_point(|(first, _)| *first <= code).checked_sub(1)?;
        let (first, characters) = self.differs.get(run)?;
        characters.chars().nth(usize::from(code - first))
    }
}

/// ETEN signs and kana where the web's Big5 has those of Hong Kong.
const BIG5: &[Run] = &[
    (0xa145, "•"),
    (0xa14e, "､"),
    (0xa1c2, "‾"),
    (0xa1e3, "∼"),
    (0xa1f2, "♁☉"),
    (0xa241, "／＼"),
    (0xa244, "¥"),
    (0xa246, "¢£"),
    (
        0xc6a1,
        "ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんァアィイゥウェ",
    ),
    (
        0xc740,
        "エォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユ",
    ),
    (
        0xc7a1,
        "ョヨラリルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽",
    ),
];

/// Two signs.
const GB2312: &[Run] = &[(0xa1a4, "・"), (0xa1aa, "―")];

/// JIS signs where Windows has full-width ones; cp932 has those.
const SJIS: &[Run] = &[(0x815f, "\\〜‖"), (0x817c, "−"), (0x8191, "¢£"), (0x81ca, "¬")];

/// The same signs as [`SJIS`].
const UJIS: &[Run] = &[(0xa1c0, "\\〜‖"), (0xa1dd, "−"), (0xa1f1, "¢£"), (0xa2cc, "¬")];

#[cfg(test)]
mod tests {
    use super::MultiByte;

    fn check(name: &str, bytes: &[u8], expected: Option<&str>) {
        let set = MultiByte::by_name(name).expect("a known set");
        assert_eq!(set.decode(bytes).as_deref(), expected, "{name}");
    }

    #[test]
    fn characters_are_those_of_mysql_where_the_web_has_others() {
        check("sjis", &[b'a', 0x81, 0x60, 0xb1, 0x93, 0xfa], Some("a\u{301c}\u{ff71}日"));
        check("cp932", &[0x81, 0x60], Some("\u{ff5e}"));
        check("ujis", &[0xa1, 0xc1, 0x8e, 0xb1, 0x8f, 0xb0, 0xa1, 0xc6, 0xfc], Some("\u{301c}\u{ff71}丂日"));
        check("ujis", &[0xf9, 0xa1, 0xf5, 0xa1], Some("\u{e178}\u{e000}"));
        check("eucjpms", &[0xa1, 0xc1, 0xfe, 0xfe], Some("\u{ff5e}\u{e3ab}"));
        check("gb2312", &[0xa1, 0xaa, 0xd6, 0xd0], Some("\u{2015}中"));
        check("gbk", &[0xa1, 0xaa], Some("\u{2014}"));
        check("big5", &[0xa1, 0x45, 0xc6, 0xe7, 0xa4, 0xa4], Some("\u{2022}ゃ中"));
    }

    #[test]
    fn halves_of_characters_are_refused() {
        check("sjis", &[0x81, 0x60, 0x81], None);
        check("ujis", &[0xa1, 0xc1, 0x8f, 0xb0], None);
        check("big5", &[0xa1, 0x45, 0xa4], None);
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = crate::testing::Random::new(41);
        for name in ["big5", "gb2312", "sjis", "ujis", "eucjpms"] {
            let set = MultiByte::by_name(name).expect("a known set");
            for _ in 0..20_000 {
                let bytes: Vec<u8> = (0..random.below(8)).map(|_| random.byte() | 0x80).collect();
                let _any_outcome = set.decode(&bytes);
            }
        }
    }
}
