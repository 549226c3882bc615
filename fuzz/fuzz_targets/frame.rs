//! The frames of a guardian's RPC: what is read is written back to the same bytes' worth.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::signer::frames::{Answer, Call, Hello, Known, MAX_FRAME, Requests, frame, parse_frame};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(framed) = frame(bytes) {
        assert!(bytes.len() <= MAX_FRAME && framed.len() == bytes.len() + 4);
    }
    if let Ok(call) = parse_frame::<Call<'_>>(bytes) {
        let text = serde_json::to_vec(&call).expect("what was read can be written");
        let again = parse_frame::<Call<'_>>(&text).expect("what we write, we read");
        assert_eq!((call.id, call.params.get()), (again.id, again.params.get()));
    }
    if let Ok(answer) = parse_frame::<Answer>(bytes)
        && let Some(result) = answer.result
    {
        let _ = parse_frame::<Hello>(result.get().as_bytes());
        let _ = parse_frame::<Requests>(result.get().as_bytes());
        let _ = parse_frame::<Known>(result.get().as_bytes());
    }
});
