using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>Finds the shared library of NVIDIA's driver, and says where it looked when there is none.</summary>
internal static class DriverLibrary
{
    private const string PathVariable = "LD_LIBRARY_PATH";

    /// <exception cref="NotSupportedException">The file cannot be loaded.</exception>
    public static void Require(string file)
    {
        // The handle is kept: the P/Invokes find the library by its name in the list of loaded ones.
        if (NativeLibrary.TryLoad(file, typeof(DriverLibrary).Assembly, searchPath: null, out _)) return;
        string? path = Environment.GetEnvironmentVariable(PathVariable);
        string variable = string.IsNullOrEmpty(path) ? $"{PathVariable} (not set)" : $"{PathVariable} ({path})";
        throw new NotSupportedException(
            $"expected the CUDA driver {file} but found it neither in {AppContext.BaseDirectory}, nor in {variable}, "
            + "nor in the system's library folders (ldconfig); it comes with NVIDIA's driver (Debian: apt-get install "
            + "libcuda1; containers: start them with --gpus all)");
    }
}
