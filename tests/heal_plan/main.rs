//! Plans against the model of the account and the real evaluation: every break that people make, alone and together, and
//! the hard account states of `fixtures/verdict-cases.json` (each case names its source).

mod account;
mod breaks;
mod composite;
mod corpus;
#[path = "../common/cuts.rs"]
mod cuts;
mod laws;
mod promises;
mod together;
