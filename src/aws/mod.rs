//! Everything that talks to AWS. The only room with SDK types.
