namespace TorchSharp;

/// <summary>Moves and conversions of a module that give it back in its own type.</summary>
public static class ModuleExtensionMethods
{
    /// <summary>Converts parameters and floating-point buffers.</summary>
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(type, non_blocking);

    /// <summary>Moves and converts parameters and buffers.</summary>
    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(device, type, non_blocking);

    /// <summary>Moves parameters and buffers.</summary>
    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(deviceType, deviceIndex, non_blocking);

    /// <summary>Moves parameters and buffers.</summary>
    public static T to<T>(this T module, torch.Device device, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(device.type, device.index, non_blocking);

    /// <summary>Moves parameters and buffers to a device given as text: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>.</summary>
    public static T to<T>(this T module, string device, bool non_blocking = false)
        where T : torch.nn.Module => module.to(new torch.Device(device), non_blocking);

    /// <summary>Takes device and dtype from a tensor.</summary>
    public static T to<T>(this T module, torch.Tensor other, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(other.device, other.dtype, non_blocking);

    /// <summary>Moves to main memory.</summary>
    public static T cpu<T>(this T module, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(DeviceType.CPU, -1, non_blocking);

    /// <summary>Moves to a CUDA device.</summary>
    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false)
        where T : torch.nn.Module => (T)module._to(DeviceType.CUDA, deviceIndex, non_blocking);

    /// <summary>Converts to float16.</summary>
    public static T half<T>(this T module, bool non_blocking = false)
        where T : torch.nn.Module => module.to(torch.ScalarType.Float16, non_blocking);

    /// <summary>Converts to bfloat16.</summary>
    public static T bfloat16<T>(this T module, bool non_blocking = false)
        where T : torch.nn.Module => module.to(torch.ScalarType.BFloat16, non_blocking);

    /// <summary>Converts to float32.</summary>
    public static T @float<T>(this T module, bool non_blocking = false)
        where T : torch.nn.Module => module.to(torch.ScalarType.Float32, non_blocking);

    /// <summary>Converts to float64.</summary>
    public static T @double<T>(this T module, bool non_blocking = false)
        where T : torch.nn.Module => module.to(torch.ScalarType.Float64, non_blocking);
}
