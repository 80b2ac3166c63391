using System.Globalization;

namespace KdKernels.PtxEmulator.Parsing;

internal static class Literal
{
    /// <summary>Reads an integer or floating literal as PTX writes them; null where the word is not one.</summary>
    public static Operand? Parse(string word, bool negative)
    {
        if (word.Length == 0 || !char.IsAsciiDigit(word[0]))
            return null;
        if (word.Length == 10 && word[0] == '0' && word[1] is 'f' or 'F')
        {
            uint bits = uint.Parse(word.AsSpan(2), NumberStyles.AllowHexSpecifier);
            bits ^= negative ? 0x80000000u : 0;
            return new FloatOperand(BitConverter.UInt32BitsToSingle(bits), bits);
        }

        if (word.Length == 18 && word[0] == '0' && word[1] is 'd' or 'D')
        {
            ulong bits = ulong.Parse(word.AsSpan(2), NumberStyles.AllowHexSpecifier);
            return new FloatOperand(BitConverter.UInt64BitsToDouble(bits ^ (negative ? 1UL << 63 : 0)), null);
        }

        if (Integer(word) is { } value)
            return new IntegerOperand(negative ? 0 - value : value);
        if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double real))
            return new FloatOperand(negative ? -real : real, null);
        return null;
    }

    private static ulong? Integer(string word)
    {
        ReadOnlySpan<char> digits = word.EndsWith('U') ? word.AsSpan(0, word.Length - 1) : word;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(digits[2..], NumberStyles.AllowHexSpecifier, null, out ulong hex) ? hex : null;
        }

        if (digits.StartsWith("0b", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(digits[2..], NumberStyles.AllowBinarySpecifier, null, out ulong binary)
                ? binary
                : null;
        }

        // ptxas takes a leading zero for octal.
        if (digits.Length > 1 && digits[0] == '0' && !digits.ContainsAnyExceptInRange('0', '7'))
            return Convert.ToUInt64(digits.ToString(), 8);
        return ulong.TryParse(digits, NumberStyles.None, null, out ulong value) ? value : null;
    }
}
