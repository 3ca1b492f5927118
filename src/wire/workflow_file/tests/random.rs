//! Damaged files end in faults with lines that are there, never in a panic.

use proptest::prelude::*;

use super::*;

/// Bytes that mean something in a file, and some that never do.
const BYTES: &[u8] = b"[]{}=\"',.#\n\r\t\\ x0-_\xc3\x00";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_has_faults_at_its_lines(
        damages in prop::collection::vec((0..WHOLE.len(), 0..BYTES.len(), 0..3_u8), 1..6)
    ) {
        let mut file = WHOLE.as_bytes().to_vec();
        for (at, byte, how) in damages {
            let at = at.min(file.len() - 1);
            match how {
                0 => file[at] = BYTES[byte],
                1 => file.insert(at, BYTES[byte]),
                _ => drop(file.remove(at)),
            }
        }
        let lines = 1 + file.iter().filter(|byte| **byte == b'\n').count();
        if let Err(faults) = read(&file) {
            prop_assert!(!faults.is_empty());
            for WorkflowFault { line, message } in faults {
                prop_assert!((1..=lines).contains(&line), "{line} of {lines}: {message}");
                prop_assert!(!message.contains(char::is_control), "{message:?}");
            }
        }
    }
}
