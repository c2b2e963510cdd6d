"""HL7 v2: messages of every kind in every version, and MLLP to send them over."""
