//! `waybill dead show`: one dead letter with its properties, headers and body.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::failure::Failure;
use crate::cli::{Sources, escape, output, servers};
use crate::store::write::dead_letter::StoredDeadLetter;
use crate::wire::CutBody;

/// The bytes of a body that are shown without `--full`.
const BODY_BYTES_MAX: usize = 4 << 10;

/// Show one dead letter: what is wrong with it, its properties, headers and body.
#[derive(Debug, Args)]
#[command(after_help = "\
A body that is UTF-8 text is shown as text, any other in hexadecimal. Control characters are escaped
(\\u{1b}), so that they can't control the terminal.

Exit codes: 0 ok, 1 failed, 2 wrong usage or settings, 4 no such dead letter.")]
pub(super) struct Show {
    /// The id of the dead letter.
    id: Uuid,
    /// Show the whole body, not only its first 4 KiB.
    #[arg(long)]
    full: bool,
}

pub(super) async fn run(show: &Show, sources: &Sources) -> Result<ExitCode, Failure> {
    let store = servers::store(sources)?;
    let stored = super::dead_letter(&store, show.id).await?;
    let body_max = if show.full {
        usize::MAX
    } else {
        BODY_BYTES_MAX
    };
    output::line(&render(&stored, body_max))?;
    Ok(ExitCode::SUCCESS)
}

/// The dead letter as text.
pub(super) fn render(stored: &StoredDeadLetter, body_max: usize) -> String {
    let dead_letter = &stored.dead_letter;
    let mut text = format!("dead letter {}\n", dead_letter.id);
    let mut field = |label: &str, value: Option<&str>| {
        if let Some(value) = value {
            let _ = writeln!(text, "  {label:<12} {}", escape::line(value));
        }
    };
    field("reason", Some(&dead_letter.reason));
    field("kept", Some(&format!("{:.3}", stored.received_at)));
    field("tenant", dead_letter.tenant.as_deref());
    field("token", dead_letter.token.as_deref());
    field("source", dead_letter.source.as_deref());
    field("event id", dead_letter.event_id.as_deref());
    field("type", dead_letter.type_name.as_deref());
    field("exchange", Some(&dead_letter.exchange));
    field("routing key", Some(&dead_letter.routing_key));
    field("queue", Some(&dead_letter.queue));
    for (title, json) in [
        ("problem", &dead_letter.problem),
        ("properties", &dead_letter.properties),
        ("headers", &dead_letter.headers),
    ] {
        let _ = write!(text, "\n{title}\n{}", indented(&pretty(json)));
    }
    let _ = write!(
        text,
        "\nbody, {} bytes\n{}",
        dead_letter.body.len(),
        body(&dead_letter.body, body_max)
    );
    if let Some(cut) = CutBody::of_problem(&dead_letter.problem) {
        let _ = writeln!(
            text,
            "  … truncated: the body had {} bytes (SHA-256 {}), too many to be kept. It can't be \
             replayed: the producer has to send it again.",
            cut.bytes,
            escape::line(&cut.sha256)
        );
    }
    text
}

/// The body, truncated at a character boundary.
fn body(bytes: &[u8], max: usize) -> String {
    let cut = bytes.get(..max).unwrap_or(bytes);
    let (shown, mut text) = match std::str::from_utf8(cut) {
        Ok(text) => (cut.len(), indented(&escape::block(text))),
        // Only the last character is incomplete, because of the cut.
        Err(error) if error.error_len().is_none() && cut.len() < bytes.len() => {
            let whole = cut.get(..error.valid_up_to()).unwrap_or_default();
            let text = String::from_utf8_lossy(whole);
            (whole.len(), indented(&escape::block(&text)))
        }
        Err(_) => (cut.len(), indented(&escape::hex(cut))),
    };
    if shown < bytes.len() {
        let _ = writeln!(text, "  … {} more bytes (--full)", bytes.len() - shown);
    }
    text
}

fn pretty(json: &str) -> String {
    let parsed = serde_json::from_str::<Value>(json);
    let text = parsed.and_then(|value| serde_json::to_string_pretty(&value));
    escape::json(&text.unwrap_or_else(|_| json.to_owned())).into_owned()
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "  {line}");
        all
    })
}
