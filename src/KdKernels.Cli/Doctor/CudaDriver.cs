using System.Runtime.InteropServices;
using System.Text;

namespace KdKernels.Cli.Doctor;

/// <summary>Asks NVIDIA's driver, where there is one, what it and its devices are. Creates no context.</summary>
internal static unsafe class CudaDriver
{
    private const string Library = "libcuda.so.1";
    private const int NameLength = 256;

    public static Finding Examine()
    {
        if (!NativeLibrary.TryLoad(Library, out nint driver))
            return Missing(
                $"no NVIDIA driver ({Library} not found)", "not needed on the CPU; for a GPU install NVIDIA's driver");
        try
        {
            return Ask(driver);
        }
        catch (EntryPointNotFoundException incomplete)
        {
            return Missing($"{Library} is not a CUDA driver: {incomplete.Message}", "install NVIDIA's driver anew");
        }
        finally
        {
            NativeLibrary.Free(driver);
        }
    }

    private static Finding Ask(nint driver)
    {
        var initialise = (delegate* unmanaged<uint, int>)NativeLibrary.GetExport(driver, "cuInit");
        var getVersion = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(driver, "cuDriverGetVersion");
        var getCount = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(driver, "cuDeviceGetCount");
        var getName = (delegate* unmanaged<byte*, int, int, int>)NativeLibrary.GetExport(driver, "cuDeviceGetName");

        int status = initialise(0);
        if (status != 0)
            return Missing($"the driver is there but cuInit returned {status}", "check `nvidia-smi`");
        int version = 0;
        int count = 0;
        if (getVersion(&version) != 0 || getCount(&count) != 0 || count == 0)
            return Missing("the driver is there but shows no device", "check CUDA_VISIBLE_DEVICES and `nvidia-smi`");

        var names = new List<string>();
        byte* name = stackalloc byte[NameLength];
        for (int device = 0; device < count; device++)
        {
            if (getName(name, NameLength, device) == 0)
                names.Add(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)));
        }

        return new Finding(
            "CUDA", true, false, $"driver {version / 1000}.{version % 1000 / 10}, {string.Join(", ", names)}");
    }

    private static Finding Missing(string detail, string remedy) => new("CUDA", false, false, detail, remedy);
}
