using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor lives: a kind of device and, for CUDA, an index; −1 is the current one.</summary>
    public class Device
    {
        public DeviceType type { get; }
        public int index { get; }

        /// <param name="description"><c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</param>
        /// <exception cref="ArgumentException">It names no device.</exception>
        public Device(string description)
        {
            string[] parts = description.Split(':');
            type = ParseType(parts[0]);
            index = -1;
            if (parts.Length == 1) return;
            bool read = int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int given);
            index = read && parts.Length == 2
                ? given
                : throw new ArgumentException(
                    $"expected a device like cpu or cuda:0 but got '{description}'.", nameof(description));
        }

        public Device(string deviceType, int index = -1)
        {
            type = ParseType(deviceType);
            this.index = index;
        }

        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        /// <summary>The CUDA device of that index.</summary>
        public Device(int index)
        {
            type = DeviceType.CUDA;
            this.index = index;
        }

        public static implicit operator Device(string description) => new(description);

        public override string ToString()
        {
            string name = type.ToString().ToLowerInvariant();
            return type == DeviceType.CPU || index < 0 ? name : $"{name}:{index}";
        }

        /// <summary>The device as kdtorch.h encodes it.</summary>
        internal int NativeCode => ((int)type << 8) | (index & 0xff);

        private static DeviceType ParseType(string name) =>
            Enum.TryParse(name, ignoreCase: true, out DeviceType parsed) && !char.IsAsciiDigit(name.FirstOrDefault())
                ? parsed
                : throw new ArgumentException($"expected a device like cpu or cuda:0 but got '{name}'.", nameof(name));
    }

    public static readonly Device CPU = new(DeviceType.CPU);
    public static readonly Device META = new(DeviceType.META);
    private static readonly Device Cuda = new(DeviceType.CUDA);
    private static readonly Device Mps = new(DeviceType.MPS);
    private static Device defaultDevice = CPU;

    /// <summary>The current CUDA device.</summary>
    public static Device CUDA => Cuda;

    public static Device MPS => Mps;

    public static Device device(string description) => new(description);

    public static Device device(string deviceType, int index = -1) => new(deviceType, index);

    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    /// <summary>The CUDA device of that index.</summary>
    public static Device device(int index) => new(DeviceType.CUDA, index);

    /// <summary>Where factories put a tensor when no device is named; the CPU unless it was set.</summary>
    public static Device get_default_device() => defaultDevice;

    public static void set_default_device(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        defaultDevice = device;
    }

    public static void set_default_device(string device) => set_default_device(new Device(device));

    /// <exception cref="InvalidOperationException">The device is not there.</exception>
    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (!TryInitializeDeviceType(deviceType))
        {
            string reason = deviceType == DeviceType.CUDA ? KdKernels.SystemLibTorch.LibTorch.CudaLoadError : "";
            throw new InvalidOperationException(
                $"expected a device of type {deviceType} on this machine but there is none. {reason}".TrimEnd());
        }
    }

    public static bool TryInitializeDeviceType(DeviceType deviceType) =>
        deviceType switch
        {
            DeviceType.CPU or DeviceType.META => true,
            DeviceType.CUDA => cuda.is_available(),
            _ => false,
        };

    /// <summary>The device, the default one for null, checked to be there.</summary>
    public static Device InitializeDevice(Device? device)
    {
        device ??= defaultDevice;
        InitializeDeviceType(device.type);
        return device;
    }
}
