//! From a snapshot to the truth about a control: one file a link, the chain, the verdict and its findings. Pure.

mod verdict;

pub use verdict::{
    Assessment, Chain, Expectations, Finding, Link, LinkState, Literal, Verdict, Warning,
};
