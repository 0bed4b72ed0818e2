use super::*;

fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes(), body].concat()
}

/// A message whose field `a` has the bytes `value`.
fn with_field(value: &[u8]) -> Vec<u8> {
    [b"\x82\xa1t\xa1x\xa1a", value].concat()
}

/// A message with `depth` containers inside one another, itself included.
fn nested(depth: usize) -> Vec<u8> {
    with_field(&[vec![0x91; depth - 1], vec![0xc0]].concat())
}

#[test]
fn takes_every_legal_form() {
    let legal = [
        with_field(b"\xcf\x00\x00\x00\x00\xff\xff\xff\xff"),
        with_field(b"\xd3\xff\xff\xff\xff\x80\x00\x00\x00"),
        with_field(&[b"\xdc\x00\x40".as_slice(), &[0xc0; 64]].concat()),
        b"\xdf\x00\x00\x00\x01\xdb\x00\x00\x00\x01t\xda\x00\x01x".to_vec(),
        nested(8),
    ];
    for body in legal {
        let message = read_message(&mut frame(&body).as_slice()).unwrap().unwrap();
        assert_eq!(message["t"].as_str(), Some("x"), "{body:02x?}");
    }
}

#[test]
fn refuses_what_the_protocol_forbids() {
    let long_string = [b"\xda\x10\x00".as_slice(), &[b'a'; 4096]].concat();
    let illegal = [
        b"\x91\xc0".to_vec(),
        b"\x81\xa1t\xa1x\xc0".to_vec(),
        b"\x82\xa1t\xa1x\xa1t\xa1y".to_vec(),
        b"\x82\xa1t\xa1x\x01\xc0".to_vec(),
        b"\x82\xa1t\xa1x\xa9__proto__\xc0".to_vec(),
        b"\x81\xa1t\xa1\xff".to_vec(),
        with_field(b"\xca\x00\x00\x00\x00"),
        with_field(b"\xd4\x01\x00"),
        with_field(b"\xc1"),
        with_field(b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        with_field(b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"),
        with_field(&[b"\xdc\x00\x41".as_slice(), &[0xc0; 65]].concat()),
        with_field(b"\xc6\x7f\xff\xff\xff"),
        with_field(&[b"\xda\x10\x01".as_slice(), &[b'a'; 4097]].concat()),
        with_field(&[b"\xdc\x00\x11".to_vec(), long_string.repeat(17)].concat()),
        nested(9),
        nested(100_000),
    ];
    for body in illegal {
        let read = read_message(&mut frame(&body).as_slice());
        assert!(read.is_err(), "{:02x?}", &body[..body.len().min(40)]);
    }
}

#[test]
fn refuses_lengths_out_of_bounds_before_it_reads_on() {
    for header in [b"\x00\x00\x00\x00", b"\x08\x00\x00\x01", b"text"] {
        let Violation(text) = read_message(&mut header.as_slice()).unwrap_err();
        assert!(text.contains("a length of 1 to 134217728"), "{text}");
    }
}

#[test]
fn tells_the_end_between_frames_from_the_end_inside_one() {
    let whole = encode_frame(vec![("t", "x".into())], MAX_FRAME_BYTES).unwrap();
    assert!(read_message(&mut [].as_slice()).unwrap().is_none());
    for length in 1..whole.len() {
        let Violation(text) = read_message(&mut &whole[..length]).unwrap_err();
        assert!(text.contains("the end of the stream"), "{text}");
    }
}

#[test]
fn encodes_the_example_of_the_specification() {
    let image = Value::Binary(vec![0xff, 0xd8, 0xff, 0xd9]);
    let fields = vec![("t", "upscale".into()), ("id", 7.into()), ("scale", 2.into()), ("data", image)];
    let expected =
        b"\x00\x00\x00\x21\x84\xa1t\xa7upscale\xa2id\x07\xa5scale\x02\xa4data\xc4\x04\xff\xd8\xff\xd9";
    assert_eq!(encode_frame(fields, MAX_FRAME_BYTES).unwrap(), expected);
}

#[test]
fn sends_nothing_that_would_end_the_connection() {
    let model = "a".repeat(4097);
    assert!(encode_frame(vec![("t", "upscale".into()), ("model", model.into())], MAX_FRAME_BYTES).is_err());
    assert!(encode_frame(vec![("t", "upscale".into()), ("data", Value::Binary(vec![0; 20]))], 10).is_err());
}
