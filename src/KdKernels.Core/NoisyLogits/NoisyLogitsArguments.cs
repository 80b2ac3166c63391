using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>What the kernels of NoisyLogits take; the kernels' source explains the fields.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NoisyLogitsArguments
{
    public KlArguments Logits;
    public DeviceView Samples;
    public long FirstSample;
    public long SelectedDraws;
    public PhiloxKeys Keys;
    public float Sigma;
    public uint Step;
    public uint Purpose;
    public uint SelectionPurpose;
    public int Parts;
    public int PartClasses;
    public int Vectors;
}
