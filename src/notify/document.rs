//! The JSON of the own webhook. docs/formats.md describes it.

use serde::Serialize;

use super::notice::{Kind, Notice};
use crate::event::Actor;
use crate::snapshot::AccountId;

/// Grows when a field changes its meaning or goes; not when one is added.
const VERSION: u32 = 1;

/// Absent values are null, except lists, which are then empty.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    id: String,
    matter: String,
    kind: &'static str,
    at: String,
    since: Option<String>,
    summary: String,
    account_id: Option<&'a AccountId>,
    region: Option<&'a str>,
    control: Option<Control<'a>>,
    link: Option<&'static str>,
    link_before: Option<&'static str>,
    resource: Option<&'a str>,
    message: &'a str,
    actor: Option<&'a Actor>,
    recipients_before: &'a [String],
    recipients_after: &'a [String],
    done: &'a [String],
    left: &'a [String],
}

#[derive(Serialize)]
struct Control<'a> {
    key: &'a str,
    cis: Option<&'a str>,
    security_hub: Option<&'a str>,
    title: &'a str,
    severity: &'a str,
}

/// The document of a notice.
pub(super) fn render(notice: &Notice) -> Result<Vec<u8>, serde_json::Error> {
    let (recipients_before, recipients_after) = match &notice.kind {
        Kind::RecipientsChanged { before, after } => (before.as_slice(), after.as_slice()),
        _ => (Default::default(), Default::default()),
    };
    let link_before = match &notice.kind {
        Kind::Changed { from } => from.map(crate::assess::Link::name),
        _ => None,
    };
    serde_json::to_vec(&Document {
        version: VERSION,
        id: notice.id(),
        matter: notice.matter(),
        kind: notice.kind.name(),
        at: notice.at.to_string(),
        since: notice.since.map(|since| since.to_string()),
        summary: notice.headline(),
        account_id: notice.account.as_ref(),
        region: notice.region.as_deref(),
        control: notice.control.as_ref().map(|control| Control {
            key: &control.key,
            cis: control.cis.as_deref(),
            security_hub: control.security_hub.as_deref(),
            title: &control.title,
            severity: &control.severity,
        }),
        link: notice.link.map(crate::assess::Link::name),
        link_before,
        resource: notice.resource.as_deref(),
        message: &notice.message,
        actor: notice.actor.as_ref(),
        recipients_before,
        recipients_after,
        done: &notice.done,
        left: &notice.left,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::notify::{pagerduty, samples};
    use crate::telemetry::samples::HOSTILE;

    fn document(notice: &Notice) -> Value {
        serde_json::from_slice(&render(notice).unwrap()).unwrap()
    }

    /// What the documentation says of notices.
    fn documented() -> String {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats.md");
        let page = std::fs::read_to_string(page).unwrap();
        page.split_once("## Notices").unwrap().1.to_owned()
    }

    #[test]
    fn every_kind_is_documented_and_no_other() {
        let page = documented();
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let mut listed: Vec<&str> = rows
            .filter_map(|row| Some(row.split_once('`')?.0))
            .collect();
        let all = samples::every_kind("cis");
        let mut kinds: Vec<&str> = all.iter().map(|notice| notice.kind.name()).collect();
        // The first row is the head, which says `kind`.
        assert_eq!(listed.remove(0), "kind");
        listed.sort_unstable();
        kinds.sort_unstable();
        assert_eq!(listed, kinds);
    }

    #[test]
    fn what_resolves_an_alert_is_documented() {
        let all = samples::every_kind("cis");
        let resolving: Vec<String> = all
            .iter()
            .filter(|one| pagerduty::render(one, "key")["event_action"] == "resolve")
            .map(|one| format!("`{}`", one.kind.name()))
            .collect();
        let (last, first) = resolving.split_last().unwrap();
        let sentence = format!(
            "{} and {last} resolve, everything else triggers",
            first.join(", ")
        );
        assert!(documented().contains(&sentence), "{sentence}");
    }

    #[test]
    fn a_cut_chain_as_the_documentation_shows_it() {
        let page = documented();
        let (_, example) = page.split_once("```json\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let example: Value = serde_json::from_str(example).unwrap();
        let document = document(&samples::broken("cis"));
        assert_eq!(document, example, "{document:#}");
    }

    #[test]
    fn every_kind_has_every_field_and_what_is_its_own() {
        let all: Vec<Value> = samples::every_kind("cis").iter().map(document).collect();
        let fields =
            |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        assert!(all.iter().all(|one| fields(one) == fields(&all[0])));
        let of_kind = |kind: &str| all.iter().find(|one| one["kind"] == kind).unwrap();
        assert_eq!(of_kind("changed")["link"], "alarm");
        assert_eq!(of_kind("changed")["link_before"], "pattern");
        assert_eq!(
            of_kind("mended")["done"],
            json!(["put the metric filter cis"])
        );
        assert_eq!(of_kind("mended")["left"], json!([]));
        assert_eq!(
            of_kind("recipients_changed")["recipients_before"],
            json!(["email: cis"])
        );
        assert_eq!(of_kind("recipients_changed")["recipients_after"], json!([]));
        assert_eq!(of_kind("state_dir_unwritable")["account_id"], Value::Null);
        assert_eq!(of_kind("state_dir_unwritable")["control"], Value::Null);
        assert_eq!(
            of_kind("own_credentials_used_elsewhere")["actor"]["event_name"],
            "DeleteMetricFilter"
        );
        let mut ids: Vec<&str> = all.iter().map(|one| one["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "each notice has an id of its own");
    }

    #[test]
    fn nothing_in_it_acts_on_a_screen_and_it_is_bounded() {
        for name in [HOSTILE, &"\u{202e}".repeat(5000)] {
            for notice in samples::every_kind(name) {
                let text = String::from_utf8(render(&notice).unwrap()).unwrap();
                assert!(!text.contains(['\u{1b}', '\n', '\r', '\u{202e}', '\u{9b}']));
                assert!(text.len() < 512 * 1024, "{}", text.len());
            }
        }
    }
}
