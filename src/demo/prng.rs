//! [`SplitMix64`]: pseudo-random numbers that are the same on every machine and with every compiler.
//!
//! Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
//! Not for secrets.

#[derive(Debug, Clone)]
pub(super) struct SplitMix64(u64);

/// The generator's increment: 2^64 divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl SplitMix64 {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number from 0 to `most`, both included.
    pub(super) fn up_to(&mut self, most: u32) -> u32 {
        scale(self.next(), most)
    }

    /// A number from `-most` to `most`, both included.
    pub(super) fn around_zero(&mut self, most: u32) -> i64 {
        i64::from(self.up_to(most.saturating_mul(2))) - i64::from(most)
    }
}

/// Scrambles a number; neighbours come out unrelated.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A seed for `name`: FNV-1a, then scrambled.
pub(super) fn seed_of(name: &str) -> u64 {
    mix(name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// The upper half of `random`, brought to 0..=`most` without a division.
fn scale(random: u64, most: u32) -> u32 {
    let scaled = ((random >> 32) * (u64::from(most) + 1)) >> 32;
    u32::try_from(scaled).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = SplitMix64::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn draws_reach_both_ends_and_never_pass_them() {
        let mut random = SplitMix64::new(7);
        let draws: Vec<u32> = (0..1_000).map(|_| random.up_to(3)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&0), Some(&3)));
        let draws: Vec<i64> = (0..1_000).map(|_| random.around_zero(2)).collect();
        assert_eq!((draws.iter().min(), draws.iter().max()), (Some(&-2), Some(&2)));
        assert_eq!(random.up_to(0), 0);
        assert_eq!(scale(u64::MAX, u32::MAX), u32::MAX);
    }
}
