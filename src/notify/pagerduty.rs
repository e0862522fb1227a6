//! An event for PagerDuty's Events API v2 (developer.pagerduty.com, "Send an Alert Event").

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::message::Says;
use super::notice::{Kind, Notice};
use super::signature::hex;
use crate::escape::fit;
use crate::snapshot::AccountId;

/// Longest `payload.summary`, in characters.
const LONGEST_SUMMARY: usize = 1024;
/// Longest `dedup_key`.
const LONGEST_KEY: usize = 255;

/// The body of the request: what is mended resolves what was triggered before, everything else triggers.
pub(super) fn render(notice: &Notice, routing_key: &str) -> Value {
    let dedup_key = dedup_key(notice);
    if matches!(
        notice.kind,
        Kind::Mended | Kind::HeartbeatRestored | Kind::WiringWhole
    ) {
        return json!({"routing_key": routing_key, "event_action": "resolve", "dedup_key": dedup_key});
    }
    let summary = format!("{}. {}", notice.headline(), notice.message);
    let account = notice.account.as_ref().map(AccountId::as_str);
    let mut payload = json!({
        "summary": fit(&summary, LONGEST_SUMMARY),
        "source": account.unwrap_or("trailwarden"),
        "severity": severity(&notice.kind),
        "timestamp": notice.at.to_string(),
        "class": notice.kind.name(),
        "custom_details": details(notice),
    });
    let optional = [
        ("component", notice.link.map(|link| link.name().to_owned())),
        (
            "group",
            notice.control.as_ref().map(|control| control.key.clone()),
        ),
    ];
    if let Some(payload) = payload.as_object_mut() {
        payload.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?.into()))),
        );
    }
    json!({
        "routing_key": routing_key,
        "event_action": "trigger",
        "dedup_key": dedup_key,
        "client": "trailwarden",
        "payload": payload,
    })
}

/// The matter, or where it is too long its hash: the same for trigger and resolve, and over restarts.
fn dedup_key(notice: &Notice) -> String {
    let matter = notice.matter();
    if matter.len() <= LONGEST_KEY {
        matter
    } else {
        format!("trailwarden/{}", hex(&Sha256::digest(matter.as_bytes())))
    }
}

/// How urgent the matter itself is; how grave the control is stands in the details.
const fn severity(kind: &Kind) -> &'static str {
    match kind {
        Kind::GaveWay | Kind::OwnCredentialsUsedElsewhere => "critical",
        Kind::Broken
        | Kind::Changed { .. }
        | Kind::Attributed
        | Kind::HeartbeatLost
        | Kind::WiringCut => "error",
        Kind::Unknown
        | Kind::RecipientsChanged { .. }
        | Kind::StateDirUnwritable
        | Kind::DeadLetters => "warning",
        Kind::Mended | Kind::HeartbeatRestored | Kind::WiringWhole => "info",
    }
}

fn details(notice: &Notice) -> Map<String, Value> {
    let facts = notice.facts().into_iter();
    facts
        .map(|fact| {
            let says = match fact.says {
                Says::Short(says) | Says::Long(says) => says.into(),
                Says::Steps(steps) => steps.into(),
            };
            (fact.label.to_owned(), says)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;
    use crate::telemetry::samples::HOSTILE;

    const KEY: &str = "e93facc04764012d7bfb002500d5d1a6";

    /// What PagerDuty's published schema (api-schema, events-v2/openapiv3.json) and its documentation's lengths ask for.
    fn check(event: &Value) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let known = [
            "payload",
            "routing_key",
            "event_action",
            "dedup_key",
            "client",
            "client_url",
            "links",
            "images",
        ];
        assert!(
            event
                .as_object()
                .unwrap()
                .keys()
                .all(|key| known.contains(&key.as_str()))
        );
        assert_eq!(text(&event["routing_key"]), KEY);
        assert!((1..=255).contains(&text(&event["dedup_key"]).chars().count()));
        match text(&event["event_action"]).as_str() {
            "resolve" => {}
            "trigger" => {
                let payload = &event["payload"];
                let known = [
                    "summary",
                    "timestamp",
                    "severity",
                    "source",
                    "component",
                    "group",
                    "class",
                    "custom_details",
                ];
                assert!(
                    payload
                        .as_object()
                        .unwrap()
                        .keys()
                        .all(|key| known.contains(&key.as_str()))
                );
                assert!((1..=1024).contains(&text(&payload["summary"]).chars().count()));
                assert!(
                    ["critical", "error", "warning", "info"]
                        .contains(&text(&payload["severity"]).as_str())
                );
                assert!(!text(&payload["source"]).is_empty());
                text(&payload["timestamp"])
                    .parse::<jiff::Timestamp>()
                    .unwrap();
                assert!(payload["custom_details"].is_object());
            }
            other => panic!("{other}"),
        }
        // PagerDuty takes 512 KB.
        assert!(event.to_string().len() < 256 * 1024);
    }

    #[test]
    fn a_cut_chain_triggers_and_a_mended_one_resolves_the_same_key() {
        let broken = render(&samples::broken("cis"), KEY);
        samples::is_golden("pagerduty.json", &format!("{broken:#}\n"));
        let mended = render(&samples::mended("cis"), KEY);
        assert_eq!(
            mended,
            json!({
                "routing_key": KEY,
                "event_action": "resolve",
                "dedup_key": "trailwarden/111122223333/cloudtrail-config-changes",
            })
        );
        assert_eq!(broken["dedup_key"], mended["dedup_key"]);
    }

    #[test]
    fn limits_hold_whatever_the_names() {
        for name in ["cis", HOSTILE, &"x".repeat(5000), &"\u{202e}".repeat(5000)] {
            for notice in samples::every_kind(name) {
                check(&render(&notice, KEY));
            }
            let (broken, mended) = (samples::broken(name), samples::mended(name));
            assert_eq!(dedup_key(&broken), dedup_key(&mended));
        }
    }

    #[test]
    fn a_fight_and_other_matters_have_keys_of_their_own() {
        let all = samples::every_kind("cis");
        let mut keys: Vec<String> = all.iter().map(dedup_key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(
            keys,
            [
                "trailwarden/111122223333/cloudtrail-config-changes",
                "trailwarden/111122223333/cloudtrail-config-changes/gave-way",
                "trailwarden/111122223333/cloudtrail-config-changes/recipients",
                "trailwarden/111122223333/own-credentials",
                "trailwarden/111122223333/wiring",
                "trailwarden/dead-letters/cis",
                "trailwarden/feed/cis",
                "trailwarden/state-dir/cis",
            ]
        );
    }
}
