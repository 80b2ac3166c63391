using System.Globalization;
using KdKernels.Core;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

internal static class TrainingDevice
{
    /// <summary>The recipe's device, with torch and this library set to the recipe's threads.</summary>
    /// <remarks><c>auto</c> is the CPU: a recipe gives the same bits everywhere there, and a GPU is asked for by
    /// name.</remarks>
    /// <exception cref="DeviceException">It is not there, or the recipe needs an op that it lacks.</exception>
    public static Device Open(Recipe recipe)
    {
        // torch's own default leaves half of a machine with two threads per core unused.
        int threads = recipe.Threads > 0 ? recipe.Threads : Environment.ProcessorCount;
        set_num_threads(threads);
        KdCpu.Threads = threads;

        if (recipe.Device is "auto" or "cpu")
        {
            return CPU;
        }

        int index = int.Parse(recipe.Device.AsSpan("cuda:".Length), CultureInfo.InvariantCulture);
        int seen = cuda.is_available() ? cuda.device_count() : 0;
        string? objection = index >= seen
            ? $"expected a CUDA device for device: {recipe.Device} but torch sees {seen}; `kd doctor` says more"
            : recipe.Distill.Method == DistillMethod.None
                ? null
                : WithoutKernels(recipe.Device, index, KdCuda.WhyUnavailable, KdCuda.Devices);
        return objection is null ? new Device(DeviceType.CUDA, index) : throw new DeviceException(objection);
    }

    /// <summary>As torch writes it, a GPU with its name: <c>cuda:0 (NVIDIA H200)</c>.</summary>
    public static string Describe(Device device)
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
        return reason is null ? null : $"device: {device} cannot compute the loss of distill.method: kd: {reason}";
    }
}
