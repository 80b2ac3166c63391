namespace KdKernels.Bench.Gpu.Plans;

/// <summary>The file that bench/peers/plans.py reads.</summary>
internal sealed record PlanDocument(int Format, PlanDevice Device, string ManifestSha256, IReadOnlyList<PlanCase> Cases)
{
    /// <summary>The layout of the file.</summary>
    public const int KnownFormat = 1;
}

/// <summary>What choice and grids were made for.</summary>
internal sealed record PlanDevice(string Name, bool Described, int Multiprocessors, long L2Bytes, int Capability);

/// <summary>A <see cref="GpuCase"/> with the launches that the library makes of it.</summary>
internal sealed record PlanCase(
    string Op,
    IReadOnlyList<long> Shape,
    string Dtype,
    string Form,
    GpuSettings Settings,
    IReadOnlyList<PlanTensor> Inputs,
    IReadOnlyList<PlanMode> Modes);

/// <summary>An operand. One that is drawn is an input.</summary>
internal sealed record PlanTensor(
    string Name, string Dtype, IReadOnlyList<long> Shape, string Memory, Draw? Draw, string? GradientOf);

/// <summary>One way of calling the op: what the library launches, first, then other variants and grids.</summary>
internal sealed record PlanMode(
    string Mode, long BytesMin, long Flops, IReadOnlyList<PlanTensor> Outputs, IReadOnlyList<PlanCandidate> Candidates);

/// <summary>Launches, one after the other, that compute a mode.</summary>
/// <param name="Variant">The kernels by name.</param>
/// <param name="ResidentShare">1, or the share of resident blocks that the grid was made for.</param>
/// <param name="Chosen">Whether it is what the library does.</param>
/// <param name="WorkspaceBytes">Of scratch memory, zero before the first launch.</param>
/// <param name="Launches">In order.</param>
internal sealed record PlanCandidate(
    string Variant, double ResidentShare, bool Chosen, long WorkspaceBytes, IReadOnlyList<PlanLaunch> Launches);

/// <summary>One launch; its argument is one struct, as hexadecimal bytes, with 0 where an address belongs.</summary>
internal sealed record PlanLaunch(
    string Kernel,
    string File,
    string Sha256,
    string Entry,
    int Grid,
    int Block,
    int SharedBytes,
    string Argument,
    IReadOnlyList<PlanRelocation> Relocations);

/// <summary>The 8 bytes at <paramref name="At"/> hold the address of an operand, plus an offset in bytes.</summary>
internal sealed record PlanRelocation(int At, string Tensor, long Offset);
