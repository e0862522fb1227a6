use crate::assess::Verdict;

/// Declares an enum whose names are the values of one label, with the list of all of them.
macro_rules! label_values {
    ($(#[$about:meta])* $set:ident { $($(#[$meaning:meta])* $value:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $set {
            $($(#[$meaning])* $value,)+
        }

        impl $set {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value of the label.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }
        }
    };
}

label_values! {
    /// What caused an evaluation.
    Trigger {
        /// A message of the feed.
        Event = "event",
        /// The later look that confirms what an event told, because reads lag behind writes.
        Confirm = "confirm",
        /// The periodic sweep.
        Sweep = "sweep",
        /// The earlier look after a failed evaluation.
        Retry = "retry",
        /// The first look after the start of the process.
        Start = "start",
        /// The look after a repair.
        Heal = "heal",
    }
}

label_values! {
    /// How an evaluation of a scope ended: the worst verdict among its controls.
    EvaluationResult {
        /// Every control passes.
        Pass = "pass",
        /// Some control fails.
        Fail = "fail",
        /// No control fails and some could not be decided.
        Unknown = "unknown",
        /// There is no verdict: the evaluation itself could not be carried out.
        Error = "error",
    }
}

impl EvaluationResult {
    /// The result of an evaluation that gave these verdicts: FAIL outweighs UNKNOWN, UNKNOWN outweighs PASS.
    pub fn of(verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        verdicts
            .into_iter()
            .fold(Self::Pass, |worst, verdict| match (worst, verdict) {
                (Self::Fail, _) | (_, Verdict::Fail) => Self::Fail,
                (_, Verdict::Unknown) => Self::Unknown,
                (_, Verdict::Pass) => worst,
            })
    }
}

label_values! {
    /// What became of a message of the feed.
    MessageOutcome {
        /// It caused, or joined, an evaluation whose verdict is stored.
        Evaluated = "evaluated",
        /// A call via CloudTrail that no verdict depends on, or of an account that is not watched.
        Ignored = "ignored",
        /// No call via CloudTrail.
        Foreign = "foreign",
        /// Not readable; left to the redrive policy.
        Unreadable = "unreadable",
        /// A call that failed and changed nothing.
        FailedCall = "failed_call",
        /// A call that only read.
        ReadOnly = "read_only",
        /// The heartbeat that was waited for.
        Heartbeat = "heartbeat",
        /// A heartbeat that nobody here waits for: a replica's, one that came too late, or a forged one.
        StrayHeartbeat = "stray_heartbeat",
    }
}

label_values! {
    /// Why messages could not be received.
    ReceiveErrorKind {
        /// No answer within the time allowed, or the receive hung and was cut.
        Timeout = "timeout",
        /// No connection, or one that broke.
        Connection = "connection",
        /// SQS asks for fewer requests.
        Throttled = "throttled",
        /// A permission is missing, or the credentials are not valid.
        Denied = "denied",
        /// The queue does not exist.
        Gone = "gone",
        /// Any other answer of SQS.
        Other = "other",
    }
}

label_values! {
    /// What SQS may do with a message.
    QueueState {
        /// A receive would bring it.
        Visible = "visible",
        /// Somebody received it and has not deleted it.
        InFlight = "in_flight",
        /// It was sent with a delay that is not over.
        Delayed = "delayed",
    }
}

label_values! {
    /// What became of one step of a repair.
    HealResult {
        /// AWS accepted the call.
        Applied = "applied",
        /// The call failed for another reason than a missing permission.
        Failed = "failed",
        /// A permission for the call is missing.
        Denied = "denied",
        /// A guard did not let it happen: budget, cooldown, window, somebody who disagrees.
        Held = "held",
        /// The target had changed when it was read again just before the call.
        Dropped = "dropped",
    }
}

label_values! {
    /// What became of an attempt to tell a target.
    NotifyResult {
        /// Delivered.
        Sent = "sent",
        /// It failed, and is tried again.
        Failed = "failed",
        /// The target refused it, and would again.
        Rejected = "rejected",
        /// Given up: too many waited, or the target was out for too long.
        Dropped = "dropped",
    }
}

label_values! {
    /// How a request to AWS ended.
    AwsResult {
        /// A good answer.
        Ok = "ok",
        /// Permission missing, or credentials not valid.
        Denied = "denied",
        /// AWS asks for fewer requests.
        Throttled = "throttled",
        /// No answer within the time allowed.
        Timeout = "timeout",
        /// Anything else: an error of the service, a broken connection, an answer that makes no sense.
        Error = "error",
    }
}
