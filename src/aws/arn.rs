use crate::snapshot::{Arn, LogGroupArn};

/// The parts of an ARN out of AWS's answers; none where its region could not be part of a host name, as that is what it
/// becomes: of the host that a signed request goes to.
pub(super) fn parse(text: &str) -> Option<Arn<'_>> {
    Arn::parse(text).filter(|arn| arn.region.is_empty() || is_region(arn.region))
}

/// A log group, from its ARN with or without the `:*` at the end, in a region that can be called.
pub(super) fn log_group(text: &str) -> Option<LogGroupArn<'_>> {
    LogGroupArn::parse(text).filter(|group| is_region(group.region))
}

/// The region of an SNS topic's ARN; none where it is the ARN of something else, such as a subscription.
pub(super) fn topic_region(text: &str) -> Option<&str> {
    let arn = Arn::topic(text)?;
    is_region(arn.region).then_some(arn.region)
}

/// Whether a text has the form of a region's name.
pub(super) fn is_region(text: &str) -> bool {
    let mut parts = text.split('-');
    (5..=32).contains(&text.len())
        && parts.next().is_some_and(|first| {
            first.len() >= 2 && first.bytes().all(|byte| byte.is_ascii_lowercase())
        })
        && parts.next().is_some()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text
            .bytes()
            .last()
            .is_some_and(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_no_region_can_leave_its_place_in_a_host(text in ".{0,60}") {
            for text in [text.clone(), format!("arn:aws:sns:{text}:1:x"), format!("arn:aws:logs:{text}")] {
                if let Some(group) = log_group(&text) {
                    prop_assert!(is_region(group.region));
                }
                if let Some(region) = topic_region(&text) {
                    prop_assert!(region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
                }
            }
        }
    }

    #[test]
    fn a_log_group_is_read_from_both_forms_of_its_arn() {
        let expected = LogGroupArn {
            account: "012345678901",
            region: "eu-west-1",
            name: "org/cloudtrail",
        };
        for arn in [
            "arn:aws:logs:eu-west-1:012345678901:log-group:org/cloudtrail:*",
            "arn:aws-cn:logs:eu-west-1:012345678901:log-group:org/cloudtrail",
        ] {
            assert_eq!(log_group(arn), Some(expected), "{arn}");
        }
        for arn in [
            "",
            "arn:aws:logs::012345678901:log-group:x",
            "arn:aws:s3:::x",
            "org/cloudtrail",
        ] {
            assert_eq!(log_group(arn), None, "{arn}");
        }
    }

    #[test]
    fn a_region_that_would_lead_a_signed_request_elsewhere_is_no_region() {
        for region in [
            "us-east-1.evil.example/",
            "us-east-1@evil",
            "us_east_1",
            "US-EAST-1",
            "evil",
            "-1",
            "us-east-1\n",
        ] {
            let arn = format!("arn:aws:sns:{region}:111122223333:alarms");
            assert_eq!(topic_region(&arn), None, "{region}");
        }
        for region in [
            "us-east-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "ap-southeast-7",
            "eusc-de-east-1",
        ] {
            let arn = format!("arn:aws:sns:{region}:111122223333:alarms");
            assert_eq!(topic_region(&arn), Some(region));
        }
    }

    #[test]
    fn a_subscription_or_another_service_is_no_topic() {
        for arn in [
            "arn:aws:sns:us-east-1:111122223333:alarms:6b0e71bd-7e97-4d97-80ce-4a0994e55286",
            "arn:aws:lambda:us-east-1:111122223333:function:f",
            "arn:aws:automate:us-east-1:ec2:stop",
        ] {
            assert_eq!(topic_region(arn), None, "{arn}");
        }
    }
}
