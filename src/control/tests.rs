use super::*;
use crate::pattern::{Assumptions, Cover, covers};

fn builtin() -> &'static Catalogue {
    Catalogue::builtin()
}

fn cis(version: &str) -> Benchmark {
    format!("cis-{version}").parse().unwrap()
}

#[test]
fn builtin_catalogue_can_be_read_and_has_the_fifteen_controls() {
    let catalogue = Catalogue::parse(include_str!("catalogue.toml")).unwrap();
    let numbers: Vec<_> = catalogue
        .controls()
        .iter()
        .filter_map(|control| control.number)
        .collect();
    assert_eq!(numbers, (1..=15).collect::<Vec<u8>>());
    assert_eq!(builtin().controls().len(), 15);
    for control in catalogue.controls() {
        assert!(
            !control.required(&Benchmark::Any).is_empty(),
            "{}",
            control.key
        );
        assert!(
            !control.install_text(&Benchmark::Any).is_empty(),
            "{}",
            control.key
        );
        assert!(!control.remediation.is_empty() && !control.description.is_empty());
    }
}

#[test]
fn patterns_of_one_group_match_the_same_events() {
    let assumptions = Assumptions::cloudtrail();
    for control in builtin().controls() {
        for one in &control.prescribed {
            for other in control
                .prescribed
                .iter()
                .filter(|other| other.group == one.group)
            {
                let answer = covers(
                    std::slice::from_ref(&other.pattern),
                    &one.pattern,
                    &assumptions,
                );
                assert!(
                    matches!(answer, Cover::Covered { .. }),
                    "{}: {} and {}: {answer:?}",
                    control.key,
                    one.pattern,
                    other.pattern
                );
            }
        }
    }
}

#[test]
fn event_names_are_those_of_the_patterns() {
    for control in builtin()
        .controls()
        .iter()
        .filter(|control| control.number != Some(10))
    {
        for prescribed in control
            .prescribed
            .iter()
            .filter(|one| one.role == Role::Required)
        {
            let mut names = names_of(&prescribed.pattern);
            let mut listed = control.event_names.clone();
            names.sort();
            listed.sort();
            assert_eq!(names, listed, "{}", control.key);
        }
    }
}

#[test]
fn a_control_is_found_by_key_cis_id_and_security_hub_id() {
    for name in [
        "cloudtrail-config-changes",
        "4.5",
        "CIS-4.5",
        "cis-4.5",
        "CloudWatch.5",
        "3.5",
        "5.5",
    ] {
        let control = builtin().find(name, &Benchmark::Any).unwrap();
        assert_eq!(control.number, Some(5), "{name}");
    }
    assert_eq!(
        builtin()
            .find("CloudWatch.1", &Benchmark::Any)
            .unwrap()
            .number,
        Some(3)
    );
    assert_eq!(
        builtin().find("4.1", &Benchmark::Any).unwrap().number,
        Some(1)
    );
}

#[test]
fn a_cis_id_of_another_version_is_unknown_and_the_error_lists_what_there_is() {
    assert_eq!(
        builtin().find("3.5", &cis("1.2.0")).unwrap().number,
        Some(5)
    );
    assert_eq!(
        builtin().find("5.5", &cis("7.0.0")).unwrap().number,
        Some(5)
    );
    let error = builtin().find("4.5", &cis("1.2.0")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("cloudtrail-config-changes (3.5, CloudWatch.5)"),
        "{error}"
    );
    assert!(builtin().find("3.15", &cis("1.2.0")).is_err());
    assert!(builtin().find("4.15", &Benchmark::SecurityHub).is_err());
    assert!(builtin().find("", &Benchmark::Any).is_err());
    assert!(builtin().find("4.16", &Benchmark::Any).is_err());
}

#[test]
fn an_own_control_that_takes_a_cis_id_as_its_key_makes_it_ambiguous() {
    let own = Control::own("4.5", "Mine", "{ $.eventName = DeleteVpc }").unwrap();
    let catalogue = builtin().with_own(vec![own]).unwrap();
    let error = catalogue.find("4.5", &Benchmark::Any).unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"4.5\" is ambiguous: it may be cloudtrail-config-changes or 4.5; give the key"
    );
}

#[test]
fn select_takes_all_and_each_control_once() {
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let all = builtin().select(&names(&["all"]), &Benchmark::Any).unwrap();
    assert_eq!(all.len(), 15);
    assert_eq!(
        builtin()
            .select(&names(&["all"]), &cis("1.2.0"))
            .unwrap()
            .len(),
        14
    );
    assert_eq!(
        builtin()
            .select(&names(&["all"]), &Benchmark::SecurityHub)
            .unwrap()
            .len(),
        14
    );
    let twice = builtin()
        .select(&names(&["4.5", "CloudWatch.5", "4.4"]), &Benchmark::Any)
        .unwrap();
    let keys: Vec<_> = twice.iter().map(|control| control.key.as_str()).collect();
    assert_eq!(keys, ["cloudtrail-config-changes", "iam-policy-changes"]);
    assert!(
        builtin()
            .select(&names(&["nonsense"]), &Benchmark::Any)
            .is_err()
    );
}

#[test]
fn an_own_control_has_its_names_from_its_pattern() {
    let own = Control::own("vpn", "VPNs", "{ $.eventName = CreateVpnGateway }").unwrap();
    assert_eq!(own.event_names, ["CreateVpnGateway"]);
    assert_eq!(
        own.install_text(&cis("3.0.0")),
        "{ $.eventName = CreateVpnGateway }"
    );
    assert!(Control::own("vpn", "VPNs", "{ $.eventName == x }").is_err());
    assert!(builtin().with_own(vec![own.clone(), own]).is_err());
}

#[test]
fn the_tautology_of_4_1_is_never_required_nor_installed() {
    let control = builtin().find("4.1", &Benchmark::Any).unwrap();
    for benchmark in [
        Benchmark::Any,
        Benchmark::SecurityHub,
        cis("1.2.0"),
        cis("1.4.0"),
        cis("3.0.0"),
        cis("7.0.0"),
    ] {
        assert!(
            control
                .required(&benchmark)
                .iter()
                .all(|one| one.group != "b")
        );
        assert!(!control.required(&benchmark).is_empty());
        assert!(
            !control
                .install_text(&benchmark)
                .contains("HeadBucket\") ||")
        );
        assert!(
            !control
                .install_text(&benchmark)
                .contains("|| ($.eventName!")
        );
    }
    let groups = |benchmark: &Benchmark| {
        control
            .required(benchmark)
            .iter()
            .map(|one| one.group.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(groups(&Benchmark::Any), ["a", "c", "d"]);
    assert_eq!(groups(&cis("3.0.0")), ["c", "d"]);
    assert_eq!(groups(&cis("1.4.0")), ["a", "c", "d"]);
    assert_eq!(groups(&Benchmark::SecurityHub), ["a", "d"]);
}

#[test]
fn the_benchmark_picks_among_meanings() {
    let iam = builtin().find("4.4", &Benchmark::Any).unwrap();
    let groups = |benchmark: &Benchmark| {
        iam.required(benchmark)
            .iter()
            .map(|one| one.group.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(groups(&Benchmark::Any), ["a", "b"]);
    assert_eq!(groups(&cis("3.0.0")), ["a"]);
    assert_eq!(groups(&Benchmark::SecurityHub), ["b"]);
}

#[test]
fn benchmarks_are_named() {
    for name in ["any", "security-hub", "cis-1.2.0", "cis-7.0.0"] {
        assert_eq!(name.parse::<Benchmark>().unwrap().to_string(), name);
    }
    for name in ["", "cis", "cis-9", "cis-3", "3.0.0"] {
        assert!(name.parse::<Benchmark>().is_err(), "{name}");
    }
}
