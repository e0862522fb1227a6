//! JUnit's XML, as Jenkins reads it (`junit-10.xsd` of its xunit plugin): a suite an account, a case a control.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::assess::Verdict;
use crate::telemetry::{AccountReport, ControlReport, sanitize};

type Xml = Writer<Vec<u8>>;

/// FAIL is a failure, UNKNOWN an error: the check could not do its work. Warnings are the case's output.
///
/// Characters that XML 1.0 forbids are spelt out by [`sanitize`]; the writer escapes the rest.
pub(super) fn render(accounts: &[AccountReport]) -> io::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let count = |verdict| accounts.iter().map(|one| one.count(verdict)).sum::<usize>();
    let tests: usize = accounts.iter().map(|one| one.controls.len()).sum();
    xml.create_element("testsuites")
        .with_attribute(("name", "trailwarden"))
        .with_attribute(("tests", tests.to_string().as_str()))
        .with_attribute(("failures", count(Verdict::Fail).to_string().as_str()))
        .with_attribute(("errors", count(Verdict::Unknown).to_string().as_str()))
        .with_attribute(("time", "0"))
        .write_inner_content(|xml| {
            let mut numbered = accounts.iter().enumerate();
            numbered.try_for_each(|(number, account)| suite(xml, number, account))
        })?;
    let mut text = String::from_utf8(xml.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn suite(xml: &mut Xml, number: usize, account: &AccountReport) -> io::Result<()> {
    let time = account.evaluated_at.strftime("%Y-%m-%dT%H:%M:%S");
    xml.create_element("testsuite")
        .with_attribute(("name", format!("account {}", account.account_id).as_str()))
        .with_attribute(("id", number.to_string().as_str()))
        .with_attribute(("timestamp", time.to_string().as_str()))
        .with_attribute(("tests", account.controls.len().to_string().as_str()))
        .with_attribute((
            "failures",
            account.count(Verdict::Fail).to_string().as_str(),
        ))
        .with_attribute((
            "errors",
            account.count(Verdict::Unknown).to_string().as_str(),
        ))
        .with_attribute(("skipped", "0"))
        .with_attribute(("time", "0"))
        .write_inner_content(|xml| {
            let mut controls = account.controls.iter();
            controls.try_for_each(|control| case(xml, account, control))
        })?;
    Ok(())
}

fn case(xml: &mut Xml, account: &AccountReport, control: &ControlReport) -> io::Result<()> {
    let key = sanitize(&control.key);
    let title = sanitize(&control.title);
    let name = match &control.cis {
        Some(number) => format!("{key} ({}): {title}", sanitize(number)),
        None => format!("{key}: {title}"),
    };
    let class = format!("trailwarden.{}", account.account_id);
    let element = xml
        .create_element("testcase")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("classname", class.as_str()))
        .with_attribute(("time", "0"));
    let problem = match control.verdict {
        Verdict::Pass => None,
        Verdict::Fail => Some("failure"),
        Verdict::Unknown => Some("error"),
    };
    if problem.is_none() && control.warnings.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|xml| {
        if let Some(problem) = problem {
            write_problem(xml, problem, control)?;
        }
        if !control.warnings.is_empty() {
            let warnings = control.warnings.iter();
            let lines: Vec<_> = warnings
                .map(|one| format!("{}: {}", one.code.name(), sanitize(&one.message)))
                .collect();
            xml.create_element("system-out")
                .write_text_content(BytesText::new(&lines.join("\n")))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_problem(xml: &mut Xml, problem: &str, control: &ControlReport) -> io::Result<()> {
    let mut findings = control.findings.iter();
    let first = findings
        .find(|finding| Some(finding.link) == control.broken_link)
        .or(control.findings.first());
    let message = first.map_or_else(String::new, |finding| {
        format!("{}: {}", finding.link, sanitize(&finding.message))
    });
    let kind = control.broken_link.map_or("", crate::assess::Link::name);
    xml.create_element(problem)
        .with_attribute(("message", message.as_str()))
        .with_attribute(("type", kind))
        .write_text_content(BytesText::new(&body(control)))?;
    Ok(())
}

/// Every finding with what would mend it, a line each.
fn body(control: &ControlReport) -> String {
    let mut lines = Vec::new();
    for finding in &control.findings {
        lines.push(format!("{}: {}", finding.link, sanitize(&finding.message)));
        let details = [
            ("resource", finding.resource.clone()),
            (
                "missing",
                (!finding.missing_events.is_empty()).then(|| finding.missing_events.join(", ")),
            ),
            (
                "example",
                finding.counterexample.as_ref().map(ToString::to_string),
            ),
            ("remedy", finding.remedy.clone()),
        ];
        for (name, text) in details {
            lines.extend(text.map(|text| format!("  {name}: {}", sanitize(&text))));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
