//! STARK proofs of models.
