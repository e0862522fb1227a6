//! The status page as a real browser draws it.

use std::path::PathBuf;

use serde_json::Value;

use super::Suite;
use super::browser::Browser;
use super::common::aws::Account;
use super::common::breaks::Break;
use super::common::daemon::Daemon;

/// Everything that the tests ask of the page.
const FACTS: &str = r"(() => {
    const colour = (element, what) => getComputedStyle(element)[what].match(/[\d.]+/g).map(Number);
    const link = one => ({
        name: one.querySelector('.name').textContent,
        here: one.getAttribute('aria-current'),
        border: colour(one, 'borderTopColor'),
        state: colour(one.querySelector('.state'), 'color'),
        words: one.querySelector('.state').textContent,
        x: one.getBoundingClientRect().x,
        y: one.getBoundingClientRect().y,
    });
    return {
        title: document.title,
        text: document.body.innerText,
        scripts: document.querySelectorAll('script, img, iframe, object, link').length,
        owned: typeof window.owned,
        overflows: document.documentElement.scrollWidth > window.innerWidth,
        links: [...document.querySelectorAll('.chain li')].map(link),
    };
})()";

pub(crate) fn add(suite: &mut Suite) {
    suite.with_account(
        "page::draws_the_broken_link_in_red",
        "chromium",
        async |account| {
            draws_the_broken_link_in_red(&account).await;
        },
    );
    suite.with_account(
        "page::hostile_text_is_only_text",
        "chromium",
        async |account| {
            hostile_text_is_only_text(&account).await;
        },
    );
}

fn picture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Colours as people name them.
fn named(colour: &Value) -> &'static str {
    let part = |index: usize| colour[index].as_f64().expect("a part of a colour");
    let (red, green, blue) = (part(0), part(1), part(2));
    if red > 1.8 * green && red > 1.8 * blue {
        "red"
    } else if green > 1.3 * red {
        "green"
    } else {
        "other"
    }
}

/// Nothing was refused by the policy, nothing failed, nothing was loaded but the page, nothing asked for attention.
fn assert_quiet(browser: &Browser, address: &str) {
    for method in [
        "Log.entryAdded",
        "Runtime.consoleAPICalled",
        "Runtime.exceptionThrown",
        "Page.javascriptDialogOpening",
    ] {
        let told = browser.events_of(method);
        assert!(told.is_empty(), "{method}: {told:?}");
    }
    let requests = browser.events_of("Network.requestWillBeSent");
    let urls: Vec<&str> = requests
        .iter()
        .filter_map(|one| one["request"]["url"].as_str())
        .collect();
    assert_eq!(urls, [format!("http://{address}/")]);
}

async fn draws_the_broken_link_in_red(account: &Account) {
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    let mut browser = Browser::start(1280, 900);
    let address = format!("http://{}/", daemon.address);

    browser.open(&address);
    let whole = browser.evaluate(FACTS);
    assert_quiet(&browser, &daemon.address);
    let links = whole["links"].as_array().expect("the links").clone();
    let names: Vec<&str> = links
        .iter()
        .filter_map(|link| link["name"].as_str())
        .collect();
    let chain = [
        "trail",
        "selector",
        "log_group",
        "pattern",
        "metric",
        "alarm",
        "action",
        "topic",
        "subscription",
    ];
    assert_eq!(names, chain);
    for link in &links {
        assert_eq!(
            (named(&link["border"]), named(&link["state"])),
            ("green", "green"),
            "{link}"
        );
    }
    let in_a_row = links
        .windows(2)
        .all(|pair| pair[0]["y"] == pair[1]["y"] && pair[0]["x"].as_f64() < pair[1]["x"].as_f64());
    assert!(in_a_row, "{links:?}");
    browser.screenshot(&picture("status-whole.png"));

    Break::DeleteMetricFilter.apply(account).await;
    daemon.until_compliant(0.0).await;
    browser.open(&address);
    let cut = browser.evaluate(FACTS);
    assert_quiet(&browser, &daemon.address);
    browser.screenshot(&picture("status-cut.png"));
    let links = cut["links"].as_array().expect("the links");
    for link in links {
        let broken = link["name"] == "pattern";
        assert_eq!(named(&link["border"]) == "red", broken, "{link}");
        assert_eq!(named(&link["state"]) == "red", broken, "{link}");
        assert_eq!(link["here"] == "true", broken, "{link}");
    }
    let text = cut["text"].as_str().expect("the text");
    for part in [
        "FAIL",
        "DeleteMetricFilter",
        "mallory",
        &account.seeded.account,
    ] {
        assert!(text.contains(part), "{part} is told:\n{text}");
    }

    browser.resize(390, 800);
    let narrow = browser.evaluate(FACTS);
    assert_eq!(
        narrow["overflows"], false,
        "a phone shows it without scrolling sideways"
    );
    browser.screenshot(&picture("status-narrow.png"));
}

async fn hostile_text_is_only_text(account: &Account) {
    const HOSTILE: &str =
        "<script>window.owned=1</script><img src=x onerror='window.owned=1'>\"><b>bold</b>";
    let daemon = Daemon::start(account, "").await;
    daemon.until_compliant(1.0).await;
    disable_actions(account, HOSTILE);
    daemon.until_compliant(0.0).await;

    let mut browser = Browser::start(1280, 900);
    browser.open(&format!("http://{}/", daemon.address));
    let facts = browser.evaluate(FACTS);
    assert_quiet(&browser, &daemon.address);
    browser.screenshot(&picture("status-hostile.png"));
    assert_eq!(facts["scripts"], 0);
    assert_eq!(facts["owned"], "undefined");
    let text = facts["text"].as_str().expect("the text");
    assert!(text.contains(HOSTILE), "it is told as it came:\n{text}");
}

/// DisableAlarmActions by a client that calls itself what it likes.
fn disable_actions(account: &Account, user_agent: &str) {
    let seeded = &account.seeded;
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/20260101/{}/monitoring/aws4_request, SignedHeaders=host, Signature=00",
        seeded.account, seeded.region
    );
    let answer = ureq::post(&account.endpoint)
        .header("authorization", authorization)
        .header("user-agent", user_agent)
        .header("content-type", "application/x-www-form-urlencoded")
        .send(format!(
            "Action=DisableAlarmActions&Version=2010-08-01&AlarmNames.member.1={}",
            seeded.alarm
        ));
    assert!(answer.is_ok(), "{answer:?}");
}
