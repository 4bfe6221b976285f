"""Official records that lms-sync makes from what the store holds: results of final attestation and their protocols."""
