//! What it costs to mask a document of one megabyte and to compare it with what it was; see bench/README.md.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use conftrail_core::diff;
use conftrail_core::document::{Document, Format};
use conftrail_core::mask::{MaskKey, MaskRules, Masker};

const BYTES: usize = 1_000_000;
const ROUNDS: usize = 15;
/// Goal for YAML, in milliseconds.
const GOAL: f64 = 50.0;

fn main() {
    let masker =
        Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).expect("the built-in rules are valid");
    let mut yaml = f64::MAX;
    for (format, service) in [
        (Format::Yaml, yaml_service as fn(&mut String, usize, usize)),
        (Format::Json, json_service),
        (Format::Properties, properties_service),
        (Format::Toml, toml_service),
        (Format::Xml, xml_service),
    ] {
        let (before, after) = (document(format, service, 500), document(format, service, 800));
        let known = Document::new(format, &before).mask(&masker);
        let (mut masking, mut comparing) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let masked = Document::new(format, &after).mask(&masker);
            masking = masking.min(started.elapsed());
            let started = Instant::now();
            let changes = diff::documents(Some(&known), Some(&masked));
            comparing = comparing.min(started.elapsed());
            assert!(!masked.unparsed && !masked.masked.is_empty(), "the benchmark must mask something");
            assert_eq!(changes.changes.len(), 1, "the benchmark must find its one change");
        }
        let milliseconds = |took: Duration| took.as_secs_f64() * 1000.0;
        let (masking, comparing) = (milliseconds(masking), milliseconds(comparing));
        report(&format!(
            "documents: {} of {:.2} MB: masked in {masking:.1} ms, compared in {comparing:.1} ms: {:.1} ms",
            format.as_str(),
            after.len() as f64 / 1e6,
            masking + comparing
        ));
        if format == Format::Yaml {
            yaml = masking + comparing;
        }
    }
    report(&format!("documents: goal for yaml < {GOAL} ms: {}", if yaml < GOAL { "met" } else { "missed" }));
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
fn report(line: &str) {
    println!("{line}");
}

/// Writes services until the size is reached; the one in the middle has the timeout.
fn document(format: Format, service: fn(&mut String, usize, usize), timeout: usize) -> String {
    let (open, close) = match format {
        Format::Json => ("{", "\"end\": true}\n"),
        Format::Xml => ("<services>\n", "</services>\n"),
        _ => ("", ""),
    };
    let mut text = open.to_owned();
    let mut number = 0;
    let mut is_told = false;
    while text.len() < BYTES {
        let is_middle = !is_told && text.len() > BYTES / 2;
        is_told |= is_middle;
        service(&mut text, number, if is_middle { timeout } else { 500 });
        number += 1;
    }
    text + close
}

fn yaml_service(text: &mut String, number: usize, timeout: usize) {
    write!(
        text,
        "service-{number}: # 服务 {number}\n  url: jdbc:mysql://db{number}:3306/shop?useSSL=true\n  username: app\n  \
         password: s3cret-{number}\n  timeout: {timeout}\n  retries: [1, 2, 3]\n  labels:\n    team: payments\n    \
         owner: \"alice and bob\"\n  feature_flags:\n    new-checkout: true\n    max-connections: 20\n"
    )
    .expect("writing to a String cannot fail");
}

fn json_service(text: &mut String, number: usize, timeout: usize) {
    writeln!(
        text,
        "\"service-{number}\": {{\"url\": \"jdbc:mysql://db{number}:3306/shop\", \"username\": \"app\", \"password\": \
         \"s3cret-{number}\", \"timeout\": {timeout}, \"retries\": [1, 2, 3], \"labels\": {{\"team\": \"payments\"}}}},"
    )
    .expect("writing to a String cannot fail");
}

fn properties_service(text: &mut String, number: usize, timeout: usize) {
    write!(
        text,
        "service{number}.url=jdbc:mysql://db{number}:3306/shop\nservice{number}.username=app\n\
         service{number}.password=s3cret-{number}\nservice{number}.timeout={timeout}\n"
    )
    .expect("writing to a String cannot fail");
}

fn toml_service(text: &mut String, number: usize, timeout: usize) {
    write!(
        text,
        "[service-{number}]\nurl = \"jdbc:mysql://db{number}:3306/shop\"\nusername = \"app\"\npassword = \
         \"s3cret-{number}\"\ntimeout = {timeout}\nretries = [1, 2, 3]\nlabels.team = \"payments\"\n"
    )
    .expect("writing to a String cannot fail");
}

fn xml_service(text: &mut String, number: usize, timeout: usize) {
    write!(
        text,
        "  <service id=\"service-{number}\" timeout=\"{timeout}\">\n    <property name=\"url\" value=\"jdbc:mysql://db{number}:3306/shop\"/>\n    \
         <property name=\"password\" value=\"s3cret-{number}\"/>\n    <retries>3</retries>\n  </service>\n"
    )
    .expect("writing to a String cannot fail");
}
