using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Decoding;

/// <summary>
/// The dotted words after an opcode. Each decoder takes what its instruction may have, in the order of the PTX
/// manual; a
/// word that is left over is a combination that ptxas rejects too.
/// </summary>
internal sealed class Modifiers(string[] opcode)
{
    private int at = 1;

    public string Opcode => opcode[0];

    private string Peek => at < opcode.Length ? opcode[at] : "";

    public bool Take(string word)
    {
        if (Peek != word)
            return false;
        at++;
        return true;
    }

    /// <summary>Takes one of these words; null if none of them is next.</summary>
    public string? TakeAny(params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (Take(word))
                return word;
        }

        return null;
    }

    public PtxType TakeType(params ReadOnlySpan<PtxType> allowed)
    {
        if (!PtxTypes.TryParse(Peek, out PtxType type))
            throw new PtxException(PtxError.Unsupported, $"expected a type but got '.{Peek}'");
        if (!allowed.Contains(type))
            throw new PtxException(PtxError.Unsupported, $"expected another type for {Opcode} but got '.{Peek}'");
        at++;
        return type;
    }

    public PtxType PeekType() => PtxTypes.TryParse(opcode[^1], out PtxType type) ? type : PtxType.None;

    /// <summary>.rn, .rz, .rm or .rp; null if there is none.</summary>
    public Rounding? TakeRounding() => TakeAny("rn", "rz", "rm", "rp") switch
    {
        "rn" => Rounding.Nearest,
        "rz" => Rounding.Zero,
        "rm" => Rounding.Down,
        "rp" => Rounding.Up,
        _ => null,
    };

    public void Finish()
    {
        if (at < opcode.Length)
        {
            throw new PtxException(PtxError.Unsupported,
                $"expected {string.Join('.', opcode[..at])} to end but got '.{string.Join('.', opcode[at..])}'");
        }
    }
}
