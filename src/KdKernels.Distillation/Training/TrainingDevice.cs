using System.Globalization;
using KdKernels.Core;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Where networks and ops run.</summary>
public static class TrainingDevice
{
    /// <summary>The recipe's device, with torch and this library set to the recipe's threads.</summary>
    /// <remarks><c>auto</c> is the CPU: a recipe gives the same bits everywhere there, and a GPU is asked for by
    /// name.</remarks>
    /// <exception cref="DeviceException">It is not there, or the recipe needs an op that it lacks.</exception>
    internal static Device Open(Recipe recipe)
    {
        // torch's own default leaves half of a machine with two threads per core unused.
        int threads = recipe.Threads > 0 ? recipe.Threads : Environment.ProcessorCount;
        set_num_threads(threads);
        KdCpu.Threads = threads;

        return Find(recipe.Device, needsKernels: recipe.Distill.Distils && recipe.Distill.Ops == DistillOps.Fused);
    }

    /// <summary>A device by its name: <c>cpu</c>, <c>auto</c>, which is the same, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="DeviceException">There is no such device, or it lacks what the kernels need.</exception>
    public static Device Find(string name, bool needsKernels)
    {
        if (name is "auto" or "cpu")
        {
            return CPU;
        }

        int index = 0;
        bool isCuda = name == "cuda" || (name.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan("cuda:".Length), NumberStyles.None, CultureInfo.InvariantCulture, out index));
        if (!isCuda)
        {
            throw new DeviceException($"expected a device cpu, cuda or cuda:N but got {name}");
        }

        int seen = cuda.is_available() ? cuda.device_count() : 0;
        string? objection = index >= seen
            ? $"expected a CUDA device for device: {name} but torch sees {seen}; `kd doctor` says more"
            : needsKernels
                ? WithoutKernels(name, index, KdCuda.WhyUnavailable, KdCuda.Devices)
                : null;
        return objection is null ? new Device(DeviceType.CUDA, index) : throw new DeviceException(objection);
    }

    /// <summary>As torch writes it, a GPU with its name: <c>cuda:0 (NVIDIA H200)</c>.</summary>
    internal static string Describe(Device device)
    {
        string? name = device.type == DeviceType.CUDA
            ? KdCuda.Devices.FirstOrDefault(known => known.Index == device.index)?.Name
            : null;
        return name is null ? device.ToString() : $"{device} ({name})";
    }

    /// <summary>Why the loss of a distillation cannot be computed on a device that torch can use; null where it
    /// can.</summary>
    /// <param name="device">As the recipe has it.</param>
    /// <param name="index">Its ordinal.</param>
    /// <param name="unavailable">Why no device can be used; null where one can.</param>
    /// <param name="known">The devices that the driver shows.</param>
    internal static string? WithoutKernels(
        string device, int index, string? unavailable, IReadOnlyList<KdCudaDevice> known)
    {
        string? reason = unavailable
            ?? known.FirstOrDefault(candidate => candidate.Index == index) switch
            {
                null => $"NVIDIA's driver shows no device of that number",
                { IsSupported: false } old =>
                    $"{old.Name} has compute capability {old.ComputeCapability} and the kernels need 7.5",
                _ => null,
            };
        return reason is null ? null : $"device: {device} cannot run the kernels of distill.ops: fused: {reason}";
    }
}
