use proptest::prelude::*;

use super::*;
use crate::cli::format::samples::{EVIL, evil, one, two_accounts};
use crate::telemetry::samples::passing;

#[test]
fn a_summary_and_then_each_control_that_does_not_pass() {
    let expected = r#"# trailwarden: 1 FAIL, 1 UNKNOWN, 4 PASS

| account | PASS | FAIL | UNKNOWN | first broken link |
| --- | --: | --: | --: | --- |
| 012345678901 | 1 | 1 | 1 | pattern |
| 111122223333 | 3 | 0 | 0 |  |

## Account 012345678901

Looked at 2026-08-01T12:00:00.123456789Z.

| verdict | CIS | control | title | broken link |
| --- | --- | --- | --- | --- |
| FAIL | 4\.5 | `cloudtrail-config-changes` | Changes to CloudTrail's configuration are noticed | pattern |
| PASS | 4\.4 | `iam-policy-changes` | Changes to IAM policies are noticed |  |
| UNKNOWN |  | `vpn` | VPNs are watched | visibility |

### FAIL: 4\.5 Changes to CloudTrail's configuration are noticed

**pattern**: the filter cis does not match every required event

- resource: `cis`
- missing events: `StopLogging`, `DeleteTrail`
- example: `{"eventName":"StopLogging","userAgent":"cis"}`

```sh
aws logs put-metric-filter --filter-name 'cis'
```

Security Hub would say FAIL (`CLOUDTRAIL_METRIC_FILTER_NOT_VALID`): the text of cis is not the prescribed one

### UNKNOWN: VPNs are watched

**visibility**: the subscriptions of the topic were not seen\: sns\:ListSubscriptionsByTopic was denied

- resource: `arn:aws:sns:eu-central-1:444455556666:security`

```text
allow sns:ListSubscriptionsByTopic
```

### Warnings

- `cloudtrail-config-changes`, noisy\_pattern: cis also matches what is not required

## Account 111122223333

Looked at 2026-08-01T12:00:00.123456789Z.

| verdict | CIS | control | title | broken link |
| --- | --- | --- | --- | --- |
| PASS | 4\.5 | `cloudtrail-config-changes` | Changes to CloudTrail's configuration are noticed |  |
| PASS | 4\.4 | `iam-policy-changes` | Changes to IAM policies are noticed |  |
| PASS |  | `vpn` | VPNs are watched |  |

"#;
    assert_eq!(render(two_accounts().accounts()), expected);
}

#[test]
fn one_account_needs_no_table_of_accounts() {
    let page = render(one(passing()).accounts());
    assert!(
        page.starts_with("# trailwarden: 0 FAIL, 0 UNKNOWN, 1 PASS\n\n## Account 012345678901\n")
    );
}

#[test]
fn prose_is_only_text() {
    for (text, expected) in [
        (
            "plain text, with 'signs' (and so on); = ? % + - /.",
            "plain text, with 'signs' (and so on); = ? % + - /.",
        ),
        ("a|b", r"a\|b"),
        ("`x` *y* _z_ ~w~", r"\`x\` \*y\* \_z\_ \~w\~"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        (
            "![x](https://evil.example)",
            r"\!\[x\](https\://evil\.example)",
        ),
        ("www.evil.example.", r"www\.evil\.example."),
        ("@everyone", r"\\u\{40\}everyone"),
        ("sec@example.com", r"sec\@example\.com"),
        ("a\nb\u{202e}c", r"a\\nb\\u\{202e\}c"),
    ] {
        assert_eq!(escaped(text), expected, "{text:?}");
    }
}

#[test]
fn code_is_fenced_by_more_backticks_than_it_has() {
    for (text, expected) in [
        ("cis", "`cis`"),
        ("", "`  `"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("a```b``", "```` a```b`` ````"),
        (" x", "`  x `"),
        ("a\nb", r"`a\nb`"),
    ] {
        assert_eq!(code(text), expected, "{text:?}");
    }
    assert_eq!(cell_code("a|b"), r"`a\|b`");
    assert_eq!(fenced("aws x"), "```sh\naws x\n```");
    assert_eq!(fenced("say ```` x\ny"), "`````text\nsay ```` x\\ny\n`````");
}

#[test]
fn hostile_names_change_no_line_of_the_page() {
    let lines = |page: &str| {
        let kind = |line: &str| line.chars().take(2).collect::<String>();
        page.lines().map(kind).collect::<Vec<_>>()
    };
    let page = render(evil().accounts());
    let cells = page
        .lines()
        .find(|line| line.starts_with("| FAIL"))
        .unwrap();
    let unescaped = cells.replace(r"\\", "").replace(r"\|", "");
    assert_eq!(unescaped.matches('|').count(), 6, "{cells}");
    assert!(cells.contains(r" \\u\{40\}everyone "), "{cells}");
    assert!(
        lines(&page).iter().all(|kind| kind != "li"),
        "no line begins in a name"
    );
    assert!(page.contains(&fenced(&format!(
        "aws logs put-metric-filter --filter-name '{EVIL}'"
    ))));
}

proptest! {
    #[test]
    fn prose_has_no_bare_markup(text in any::<String>()) {
        let mut escaped = escaped(&text);
        prop_assert!(!escaped.contains('\n'));
        escaped = escaped.replace(r"\\", "");
        for sign in ["`", "*", "_", "[", "]", "<", ">", "|", "~", "#", "&", "!", ":", "@"] {
            let bare = escaped.replace(&format!("\\{sign}"), "");
            prop_assert!(!bare.contains(sign), "{sign} in {escaped}");
        }
    }

    #[test]
    fn code_reads_back(text in "[`a|\\\\ ]{0,12}") {
        let span = code(&text);
        let fence: String = span.chars().take_while(|one| *one == '`').collect();
        let inner = span.strip_prefix(fence.as_str()).unwrap();
        let inner = inner.strip_suffix(fence.as_str()).unwrap();
        // A run of the fence's length inside would end the span.
        prop_assert!(inner.split(|one| one != '`').all(|run| run.len() < fence.len()));
        prop_assert!(inner.contains(&text));
    }
}
