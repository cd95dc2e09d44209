//! Makes a picture of a page small: a page has few colours, and a PNG of 256 colours is a third of one of all.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

type Colour = [u8; 3];

/// The same picture in at most 256 colours; a PNG without transparency and interlacing is expected, as Chromium makes them.
pub fn reduced(png: &[u8]) -> Vec<u8> {
    let (width, height, pixels) = decoded(png);
    let palette = palette(&pixels);
    let mut known: HashMap<Colour, u8> = HashMap::new();
    let mut rows = Vec::with_capacity(pixels.len() + height);
    for row in pixels.chunks(width) {
        rows.push(0);
        rows.extend(row.iter().map(|pixel| {
            *known
                .entry(*pixel)
                .or_insert_with(|| nearest(&palette, *pixel))
        }));
    }
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend(u32::try_from(width).unwrap().to_be_bytes());
    head.extend(u32::try_from(height).unwrap().to_be_bytes());
    head.extend([8, 3, 0, 0, 0]);
    chunk(&mut out, b"IHDR", &head);
    chunk(&mut out, b"PLTE", &palette.concat());
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&rows).unwrap();
    chunk(&mut out, b"IDAT", &packed.finish().unwrap());
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    let start = out.len();
    out.extend(name);
    out.extend(body);
    let sum = crc32fast::hash(&out[start..]);
    out.extend(sum.to_be_bytes());
}

/// Width, height and pixels (PNG, third edition, §9: filtering).
fn decoded(png: &[u8]) -> (usize, usize, Vec<Colour>) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
    let (width, height) = (number(16), number(20));
    assert_eq!((png[24], png[28]), (8, 0), "8 bits, not interlaced");
    let depth = match png[25] {
        2 => 3,
        6 => 4,
        other => panic!("colour type {other}"),
    };
    let mut packed = Vec::new();
    let mut at = 8;
    while at < png.len() {
        let length = number(at);
        if &png[at + 4..at + 8] == b"IDAT" {
            packed.extend(&png[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    let mut raw = Vec::new();
    ZlibDecoder::new(&packed[..]).read_to_end(&mut raw).unwrap();
    let line = width * depth;
    let mut before = vec![0u8; line];
    let mut pixels = Vec::with_capacity(width * height);
    for row in raw.chunks(line + 1) {
        let mut now = row[1..].to_vec();
        for i in 0..line {
            let left = if i >= depth { now[i - depth] } else { 0 };
            let corner = if i >= depth { before[i - depth] } else { 0 };
            let up = before[i];
            let guess = match row[0] {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                other => panic!("filter {other}"),
            };
            now[i] = now[i].wrapping_add(guess);
        }
        pixels.extend(now.chunks(depth).map(|p| [p[0], p[1], p[2]]));
        before = now;
    }
    (width, height, pixels)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let guess = a + b - c;
    let (to_a, to_b, to_c) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if to_a <= to_b && to_a <= to_c {
        left
    } else if to_b <= to_c {
        up
    } else {
        corner
    }
}

/// The most frequent colours, none too near another one.
fn palette(pixels: &[Colour]) -> Vec<Colour> {
    let mut counts: HashMap<Colour, usize> = HashMap::new();
    for pixel in pixels {
        *counts.entry(*pixel).or_default() += 1;
    }
    let mut all: Vec<(Colour, usize)> = counts.into_iter().collect();
    all.sort_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
    // The more colours there are, the further apart they have to be.
    for apart in [0, 12, 40, 90, 160, 300, 600] {
        let mut chosen: Vec<Colour> = Vec::new();
        for (colour, _) in &all {
            if chosen.iter().all(|known| distance(*known, *colour) > apart) {
                chosen.push(*colour);
            }
            if chosen.len() > 256 {
                break;
            }
        }
        if chosen.len() <= 256 {
            return chosen;
        }
    }
    all.truncate(256);
    all.into_iter().map(|(colour, _)| colour).collect()
}

fn distance(one: Colour, other: Colour) -> i32 {
    let square = |at: usize| (i32::from(one[at]) - i32::from(other[at])).pow(2);
    square(0) + square(1) + square(2)
}

fn nearest(palette: &[Colour], pixel: Colour) -> u8 {
    let places = 0..palette.len();
    let best = places.min_by_key(|at| distance(palette[*at], pixel));
    u8::try_from(best.unwrap()).unwrap()
}

#[test]
fn a_reduced_picture_has_the_same_pixels_when_there_are_few_colours() {
    let (width, height) = (7, 5);
    let colour = |n: usize| [(n * 40) as u8, 200, (n % 3) as u8];
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0u8);
        rows.extend((0..width).flat_map(|x| colour((x * y) % 6)));
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    head.extend((width as u32).to_be_bytes());
    head.extend((height as u32).to_be_bytes());
    head.extend([8, 2, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &head);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&rows).unwrap();
    chunk(&mut png, b"IDAT", &packed.finish().unwrap());
    chunk(&mut png, b"IEND", &[]);
    let small = reduced(&png);
    // Palette, not colours: read back by hand.
    let at = |name: &[u8]| small.windows(4).position(|w| w == name).unwrap();
    let palette = &small[at(b"PLTE") + 4..];
    let idat = at(b"IDAT");
    let length = u32::from_be_bytes(small[idat - 4..idat].try_into().unwrap()) as usize;
    let mut raw = Vec::new();
    ZlibDecoder::new(&small[idat + 4..idat + 4 + length])
        .read_to_end(&mut raw)
        .unwrap();
    for y in 0..height {
        for x in 0..width {
            let index = usize::from(raw[y * (width + 1) + 1 + x]) * 3;
            assert_eq!(palette[index..index + 3], colour((x * y) % 6), "{x} {y}");
        }
    }
}
