//! A call of the guardian's RPC, and what its methods take: what is read is written back to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::signer::frames::{Answered, Call, Hello, Leave, Pending, Remembered, parse_frame};

fuzz_target!(|bytes: &[u8]| {
    let Ok(call) = parse_frame::<Call<'_>>(bytes) else {
        return;
    };
    let again = serde_json::to_vec(&call).expect("a call serialises");
    let again: Call<'_> = parse_frame(&again).expect("what we write, we read");
    assert_eq!((again.id, &again.method), (call.id, &call.method));
    let params = call.params.get().as_bytes();
    if let Ok(hello) = parse_frame::<Hello>(params) {
        let text = serde_json::to_vec(&hello).expect("it serialises");
        assert_eq!(parse_frame::<Hello>(&text).expect("what we write, we read"), hello);
    }
    if let Ok(pending) = parse_frame::<Pending>(params) {
        let text = serde_json::to_vec(&pending).expect("it serialises");
        assert_eq!(parse_frame::<Pending>(&text).expect("what we write, we read"), pending);
    }
    let _ = parse_frame::<Answered>(params);
    let _ = parse_frame::<Leave>(params);
    let _ = parse_frame::<Remembered>(params);
});
