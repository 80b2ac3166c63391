using System.Globalization;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>A device that is not there.</summary>
/// <param name="Multiprocessors">How many it has.</param>
/// <param name="L2Megabytes">Its L2 cache, in MiB.</param>
/// <param name="Capability">Compute capability, 10 * major + minor.</param>
internal sealed record DescribedGpu(int Multiprocessors, int L2Megabytes, int Capability)
{
    /// <summary>What NVIDIA's data sheet and CUDA's device attributes say of an H200.</summary>
    public static DescribedGpu H200 { get; } = new(132, 60, 90);

    /// <exception cref="ArgumentException">The text is not three numbers.</exception>
    public static DescribedGpu Parse(string text)
    {
        string[] parts = text.Split(',');
        int[] numbers = [.. parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : 0)];
        if (numbers is not [> 0 and var multiprocessors, > 0 and var megabytes, >= CudaDevice.LeastCapability and var capability])
        {
            throw new ArgumentException(
                $"expected MULTIPROCESSORS,L2_MIB,CAPABILITY (for an H200 132,60,90) but got '{text}'", nameof(text));
        }

        return new DescribedGpu(multiprocessors, megabytes, capability);
    }

    /// <summary>
    /// Blocks of a kernel that one multiprocessor holds, by the rules of CUDA's occupancy calculator for compute capability
    /// 8.0 and 9.0, from the registers that ptxas reported.
    /// </summary>
    /// <exception cref="InvalidDataException">The manifest has no report of ptxas.</exception>
    public static int ResidentBlocks(PtxKernel kernel, int capability, int threads, int sharedBytes)
    {
        const int mostWarps = 64;
        const int mostBlocks = 32;
        const int registersPerPart = 16384;
        const int parts = 4;
        const int registerUnit = 256;
        const int sharedUnit = 128;
        const int reservedShared = 1024;
        int sharedOfAll = (capability >= 90 ? 228 : 164) * 1024;

        int warps = RoundUp(threads, 32) / 32;
        // Warps are dealt to the four parts of a multiprocessor, which have registers of their own.
        int warpsByRegisters = registersPerPart / RoundUp(Registers(kernel, capability) * 32, registerUnit) * parts;
        int byRegisters = warpsByRegisters / RoundUp(warps, parts);
        int shared = RoundUp(kernel.SharedBytes + sharedBytes, sharedUnit) + reservedShared;
        return Math.Min(Math.Min(mostBlocks, mostWarps / warps), Math.Min(byRegisters, sharedOfAll / shared));
    }

    private static int Registers(PtxKernel kernel, int capability)
    {
        PtxasReport? newest = kernel.Ptxas?
            .Select(entry => (
                Number: int.Parse(entry.Key["sm_".Length..].TrimEnd('a'), CultureInfo.InvariantCulture), Report: entry.Value))
            .Where(entry => entry.Number <= capability)
            .MaxBy(entry => entry.Number).Report;
        return newest?.Registers
            ?? throw new InvalidDataException(
                $"the kernel manifest has no report of ptxas for {kernel.Name} up to sm_{capability}");
    }

    private static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;
}
