use super::*;

struct Sample;

impl Series for Sample {
    fn value(&self, id: &str) -> Option<Value> {
        match id {
            "m1" => Some(Value::Number(1.0)),
            "m2" => Some(Value::Missing),
            "m3" => Some(Value::Number(0.0)),
            "u" => Some(Value::Unknown("unseen".to_owned())),
            _ => None,
        }
    }

    fn metrics(&self) -> Vec<String> {
        ["m1", "m2", "m3"].map(str::to_owned).to_vec()
    }
}

fn number(expression: &str) -> Option<f64> {
    match evaluate(expression, &Sample) {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

#[test]
fn expressions_have_the_values_of_the_metric_math_syntax() {
    for (expression, expected) in [
        ("m1", 1.0),
        ("m1 + m3", 1.0),
        ("-m1 * 2 + 10 / 4", 0.5),
        ("SUM(METRICS())", 1.0),
        ("SUM([m1, m2, m1])", 2.0),
        ("MAX([m3,m1])", 1.0),
        ("MIN(METRICS())", 0.0),
        ("AVG([m1,m3])", 0.5),
        ("SUM(METRICS(\"1\"))", 1.0),
        ("FILL(m2, 0) + m1", 1.0),
        ("SUM(FILL(METRICS(), 5))", 6.0),
        ("FILL(m2,-1)", -1.0),
        ("IF(m1 > 0, 7, 8)", 7.0),
        ("IF(m3, 7, 8)", 8.0),
        ("m1 >= 1 AND m3 == 0", 1.0),
        ("m1 != 1 || m3 < 0", 0.0),
        ("CEIL(0.2) + FLOOR(0.9) + ABS(-2)", 3.0),
        ("(m1 + 1) * 3", 6.0),
        ("2 + 3 * 4", 14.0),
    ] {
        assert_eq!(number(expression), Some(expected), "{expression}");
    }
}

#[test]
fn a_missing_data_point_makes_operators_missing_and_aggregates_skip_it() {
    assert_eq!(evaluate("m1 + m2", &Sample), Value::Missing);
    assert_eq!(evaluate("m2 > 0", &Sample), Value::Missing);
    assert_eq!(evaluate("SUM([m2])", &Sample), Value::Missing);
    assert_eq!(evaluate("m1 / m3", &Sample), Value::Missing);
    assert_eq!(evaluate("IF(m1 > 5, 1)", &Sample), Value::Missing);
}

#[test]
fn what_cannot_be_evaluated_is_left_open() {
    for expression in [
        "u + m1",
        "ANOMALY_DETECTION_BAND(m1, 2)",
        "RATE(m1)",
        "SELECT COUNT(x) FROM y",
        "SUM(m1)",
        "METRICS()",
        "m9",
        "FILL(m2, REPEAT)",
        "m1 +",
        "m1 m2",
        "",
        "(",
        "m1 ; m2",
    ] {
        assert!(
            matches!(evaluate(expression, &Sample), Value::Unknown(_)),
            "{expression}"
        );
    }
    let deep = format!("{}m1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(matches!(evaluate(&deep, &Sample), Value::Unknown(_)));
}
