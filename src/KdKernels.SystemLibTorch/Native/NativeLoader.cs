using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>Finds libkdtorch, and libtorch through it.</summary>
internal static unsafe partial class NativeLoader
{
    private const string FileName = "libkdtorch.so";
    private static readonly Lock Gate = new();
    private static nint loaded;

    /// <summary>The file that was loaded, or empty before the first call.</summary>
    internal static string LoadedFrom { get; private set; } = "";

    [ModuleInitializer]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLoader).Assembly, (name, _, _) =>
            string.Equals(name, NativeApi.Library, StringComparison.Ordinal) ? Load() : 0);

    private static nint Load()
    {
        lock (Gate)
        {
            if (loaded != 0) return loaded;
            loaded = LoadOnce();
            return loaded;
        }
    }

    private static nint LoadOnce()
    {
        // Managed environment changes do not reach native code, and libgomp reads these once, when it loads. Threads
        // that wait busily cost a training step up to tenfold beside another busy process; what the user set stays.
        _ = setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
        _ = setenv("GOMP_SPINCOUNT", "0", 0);

        return LoadFirst([.. Candidates()]);
    }

    /// <summary>Loads the first of these files that exists.</summary>
    /// <exception cref="DllNotFoundException">None exists, or the first one does not load; says what to do.</exception>
    internal static nint LoadFirst(string[] candidates)
    {
        foreach (string path in candidates)
        {
            if (!File.Exists(path)) continue;
            nint handle;
            try
            {
                handle = NativeLibrary.Load(path);
            }
            catch (DllNotFoundException e)
            {
                throw new DllNotFoundException(
                    $"{path} could not be loaded ({e.Message.Trim()}): the libtorch that it was built against "
                    + "has moved or is incomplete. Run `./kd setup` to build it again.", e);
            }
            LoadedFrom = path;
            var init = (delegate* unmanaged<int>)NativeLibrary.GetExport(handle, "kd_init");
            if (init() < 0)
            {
                var error = (delegate* unmanaged<byte*>)NativeLibrary.GetExport(handle, "kd_last_error");
                throw new DllNotFoundException(
                    $"{path} found no working libtorch: {NativeApi.Text(error())}. Run `./kd setup`.");
            }
            return handle;
        }
        throw new DllNotFoundException(
            $"{FileName}, the bridge to libtorch, was not found; looked for {string.Join(", ", candidates)}. "
            + "Run `./kd setup` to build it, or name its path in KD_LIBKDTORCH.");
    }

    private static IEnumerable<string> Candidates()
    {
        string? given = Environment.GetEnvironmentVariable("KD_LIBKDTORCH");
        if (!string.IsNullOrEmpty(given))
        {
            // A path that was asked for is used or refused, never replaced by another.
            yield return Directory.Exists(given) ? Path.Combine(given, FileName) : given;
            yield break;
        }
        string beside = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location) is { Length: > 0 } directory
            ? directory
            : AppContext.BaseDirectory;
        yield return Path.Combine(beside, FileName);
        yield return Path.Combine(beside, "runtimes", "linux-x64", "native", FileName);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
