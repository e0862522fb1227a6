use super::error::Class;
use super::request::RequestResult;

/// The code of an operation that the endpoint does not know, beside HTTP 501.
const UNKNOWN_OPERATION: [&str; 6] = [
    "UnknownOperation",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "InvalidAction",
    "NotImplemented",
];

/// Codes of AWS's "slow down". `LimitExceeded` is none of them: in the services used here it is a quota on resources.
const THROTTLED: [&str; 15] = [
    "BandwidthLimitExceeded",
    "KMSThrottling",
    "KMSThrottlingException",
    "OverLimit",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "TooManyRequestsException",
];

/// Codes that pass by themselves: faults and collisions at AWS, and credentials or clocks that are about to be renewed.
const TRANSIENT: [&str; 21] = [
    "ConcurrentAccess",
    "ConcurrentAccessException",
    "ConcurrentModificationException",
    "ConflictException",
    "DependencyTimeout",
    "DependencyTimeoutException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalError",
    "InternalErrorException",
    "InternalFailure",
    "InternalServiceError",
    "InternalServiceFault",
    "KMSInternalException",
    "OperationAbortedException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// Codes of refusal to these credentials, beside those that begin with `AccessDenied`, `NotAuthorized` or `Unauthorized`.
const DENIED: [&str; 16] = [
    "AuthFailure",
    "AuthorizationError",
    "AuthorizationErrorException",
    "CloudTrailAccessNotEnabledException",
    "IncompleteSignature",
    "InsufficientDependencyServiceAccessPermissionException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "KMSAccessDenied",
    "KMSAccessDeniedException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// What an error that AWS answered with means, by its code and, where the code says nothing, its HTTP status.
pub(super) fn of_answer(code: Option<&str>, status: Option<u16>) -> (Class, RequestResult) {
    let code = code.map_or("", plain);
    let is = |codes: &[&str]| codes.contains(&code);
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| code.starts_with(prefix));
    if is_unknown_operation(Some(code), status) {
        (Class::Invalid, RequestResult::Error)
    } else if is(&THROTTLED) || (code.is_empty() && status == Some(429)) {
        (Class::Transient, RequestResult::Throttled)
    } else if is(&DENIED) || begins(&["AccessDenied", "NotAuthorized", "Unauthorized"]) {
        (Class::Denied, RequestResult::Denied)
    } else if is(&TRANSIENT) {
        (Class::Transient, RequestResult::Error)
    } else if is_gone(code) {
        (Class::Gone, RequestResult::Error)
    } else {
        match (code, status) {
            (_, Some(500..)) => (Class::Transient, RequestResult::Error),
            ("", Some(401 | 403)) => (Class::Denied, RequestResult::Denied),
            ("", Some(408)) => (Class::Transient, RequestResult::Timeout),
            (_, None | Some(..500)) => (Class::Invalid, RequestResult::Error),
        }
    }
}

/// Whether AWS asked to slow down.
pub(super) fn is_throttled(code: &str) -> bool {
    of_answer(Some(code), None).1 == RequestResult::Throttled
}

/// Whether the endpoint does not know the operation at all: an emulator, or a partition without the feature.
pub(super) fn is_unknown_operation(code: Option<&str>, status: Option<u16>) -> bool {
    status == Some(501) || code.is_some_and(|code| UNKNOWN_OPERATION.contains(&plain(code)))
}

fn is_gone(code: &str) -> bool {
    [
        "NotFound",
        "NotFoundException",
        "DoesNotExist",
        "NonExistentQueue",
        "NoSuchEntity",
    ]
    .iter()
    .any(|suffix| code.ends_with(suffix))
}

/// The code without the names that some protocols put around it: `com.amazonaws.sns#NotFound`, `AWS.X.Code`, `Code:url`.
fn plain(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, name)| name);
    let code = code.split_once(':').map_or(code, |(name, _)| name);
    code.rsplit_once('.').map_or(code, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_denied_is_denied() {
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "AuthorizationErrorException",
            "UnauthorizedOperation",
            "NotAuthorizedException",
            "com.amazonaws.cloudwatch#AccessDeniedException",
            "KMSAccessDeniedException",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
        ] {
            let expected = (Class::Denied, RequestResult::Denied);
            assert_eq!(of_answer(Some(code), Some(400)), expected, "{code}");
            assert_eq!(of_answer(Some(code), Some(403)), expected, "{code}");
        }
        assert_eq!(
            of_answer(None, Some(403)),
            (Class::Denied, RequestResult::Denied)
        );
    }

    #[test]
    fn throttling_is_transient_and_counted_apart() {
        for code in [
            "Throttling",
            "ThrottlingException",
            "RequestThrottled",
            "TooManyRequestsException",
        ] {
            assert_eq!(
                of_answer(Some(code), Some(400)),
                (Class::Transient, RequestResult::Throttled),
                "{code}"
            );
        }
        assert_eq!(
            of_answer(None, Some(429)),
            (Class::Transient, RequestResult::Throttled)
        );
    }

    #[test]
    fn a_quota_on_resources_is_no_throttling() {
        for code in ["LimitExceededException", "SubscriptionLimitExceeded"] {
            assert_eq!(
                of_answer(Some(code), Some(400)),
                (Class::Invalid, RequestResult::Error),
                "{code}"
            );
        }
    }

    #[test]
    fn expired_credentials_are_transient_though_aws_says_403() {
        for code in ["ExpiredToken", "ExpiredTokenException", "RequestExpired"] {
            assert_eq!(
                of_answer(Some(code), Some(403)),
                (Class::Transient, RequestResult::Error),
                "{code}"
            );
        }
    }

    #[test]
    fn what_does_not_exist_is_gone() {
        for code in [
            "NotFound",
            "NotFoundException",
            "ResourceNotFoundException",
            "TrailNotFoundException",
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
        ] {
            assert_eq!(of_answer(Some(code), Some(400)).0, Class::Gone, "{code}");
        }
    }

    #[test]
    fn a_fault_of_the_server_is_transient_unless_it_does_not_know_the_operation() {
        assert_eq!(of_answer(None, Some(503)).0, Class::Transient);
        assert_eq!(of_answer(Some("Whatever"), Some(500)).0, Class::Transient);
        assert_eq!(
            of_answer(Some("InternalFailure"), Some(501)).0,
            Class::Invalid
        );
        assert_eq!(
            of_answer(Some("UnknownOperationException"), Some(400)).0,
            Class::Invalid
        );
    }

    #[test]
    fn anything_else_that_aws_refuses_is_invalid() {
        assert_eq!(
            of_answer(Some("ValidationError"), Some(400)).0,
            Class::Invalid
        );
        assert_eq!(of_answer(None, Some(404)).0, Class::Invalid);
    }
}
