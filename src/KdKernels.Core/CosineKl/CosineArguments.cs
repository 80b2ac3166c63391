using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of CosineKl take.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CosineArguments
{
    public DeviceView StudentAugmented;
    public DeviceView StudentNormal;
    public DeviceView TeacherAugmented;
    public DeviceView TeacherNormal;
    public DeviceView AugmentedGradient;
    public DeviceView NormalGradient;
    public DeviceView Keep;
    public DeviceView Upstream;
    public DeviceView Loss;
    public DeviceView Partials;
    public DeviceView ScoreGradients;
    public DeviceView Scales;
    public DeviceView Counters;
    public RowStrides StudentAugmentedStrides;
    public RowStrides StudentNormalStrides;
    public RowStrides TeacherAugmentedStrides;
    public RowStrides TeacherNormalStrides;
    public RowStrides AugmentedGradientStrides;
    public RowStrides NormalGradientStrides;
    public long Inner;
    public long NormalInner;
    public int Rows;
    public int Normals;
    public int StudentDimension;
    public int TeacherDimension;
    public int Reduction;
    public int Limit;
    public float InverseTemperature;
    public float LossFactor;
    public float GradientFactor;
    public int Zero;
}

/// <summary>What the kernels that rank take.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RankArguments
{
    public DeviceView Scores;
    public DeviceView Targets;
    public DeviceView Ranks;
    public RowStrides ScoresStrides;
    public long Inner;
    public int Rows;
    public int Columns;
    public int Zero;
    public int Reserved;
}

/// <summary>What the kernel that selects by rank takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SelectArguments
{
    public DeviceView Ranks;
    public DeviceView Keep;
    public double Fraction;
    public int Rows;
    public int Reserved;
}
