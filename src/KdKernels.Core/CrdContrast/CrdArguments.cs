using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>Where the rows that an anchor meets come from, as the kernels take it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrdSource
{
    public DeviceView Positives;
    public DeviceView Negatives;
    public DeviceView Classes;
    public DeviceView StepAt;
    public RowStrides NegativesStrides;
    public long Inner;
    public int Anchors;
    public int BankRows;
    public int Count;
    public int Step;
    public int Key0;
    public int Key1;
}

/// <summary>What the kernels of CrdContrast take.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrdArguments
{
    public CrdSource Source;
    public DeviceView Anchors;
    public DeviceView Bank;
    public DeviceView Gradient;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Normalizer;
    public DeviceView Partials;
    public DeviceView AnchorLosses;
    public DeviceView PartialGradients;
    public DeviceView Counters;
    public RowStrides AnchorStrides;
    public RowStrides GradientStrides;
    public double NormalizerFactor;
    public int BankStride;
    public int Dimension;
    public int Slices;
    public int Reduction;
    public int Mode;
    public float Scale;
    public float Offset;
    public float EpsilonTerm;
    public int Zero;
    public int Reserved;
}

/// <summary>What the kernel that writes drawn negatives takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrdDrawArguments
{
    public CrdSource Source;
    public DeviceView Rows;
}

/// <summary>What the kernels of CrdBank take.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CrdUpdateArguments
{
    public DeviceView Bank;
    public DeviceView Rows;
    public DeviceView Embeddings;
    public RowStrides EmbeddingStrides;
    public long BankStride;
    public long Inner;
    public double Momentum;
    public int BankRows;
    public int Count;
    public int Dimension;
    public int Zero;
}
