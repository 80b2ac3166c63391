using System.Globalization;
using KdKernels.Core;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

internal static class TrainingDevice
{
    /// <summary>The recipe's device, with torch and this library set to the recipe's threads.</summary>
    /// <remarks><c>auto</c> is the CPU: the distillation ops have no CUDA implementation yet, and a run should not
    /// depend on the machine.</remarks>
    /// <exception cref="DeviceException">It is not there, or the recipe needs an op that it lacks.</exception>
    public static Device Open(Recipe recipe)
    {
        if (recipe.Threads > 0)
        {
            set_num_threads(recipe.Threads);
            KdCpu.Threads = recipe.Threads;
        }

        if (recipe.Device is "auto" or "cpu")
        {
            return CPU;
        }

        int index = int.Parse(recipe.Device.AsSpan("cuda:".Length), CultureInfo.InvariantCulture);
        int devices = cuda.is_available() ? cuda.device_count() : 0;
        if (index >= devices)
        {
            throw new DeviceException($"expected a CUDA device for device: {recipe.Device} but torch sees {devices}");
        }

        return recipe.Distill.Method == DistillMethod.None
            ? new Device(recipe.Device)
            : throw new DeviceException(
                "expected device: cpu with distill.method: kd, whose loss has no CUDA implementation yet");
    }
}
