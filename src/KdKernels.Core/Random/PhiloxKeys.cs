namespace KdKernels.Core;

/// <summary>The round keys of a seed as kernels take them: operands in constant memory, which no thread has to make.</summary>
internal unsafe struct PhiloxKeys
{
    private fixed uint words[Philox4x32.RoundKeyCount];

    public static PhiloxKeys Of(ulong seed)
    {
        PhiloxKeys keys;
        Philox4x32.WriteRoundKeys(seed, keys.words);
        return keys;
    }
}
