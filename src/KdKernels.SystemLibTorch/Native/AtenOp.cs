using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>
/// An operator of torch, by its name and overload in native_functions.yaml (without <c>aten::</c>). Arguments go in the
/// order of its schema; trailing ones may be left out. Resolved at the first call, so that an operator that this
/// libtorch lacks is an error only for who calls it.
/// </summary>
internal sealed unsafe class AtenOp(string name, string overload = "")
{
    private const int StackScratch = 256;
    private nint op;

    /// <summary>The schema as torch prints it.</summary>
    internal string Schema => NativeApi.Text(NativeApi.kd_op_schema(Resolve()));

    /// <summary>Whether this libtorch has the operator.</summary>
    internal bool Exists
    {
        get
        {
            try
            {
                return Resolve() != 0;
            }
            catch (ExternalException)
            {
                return false;
            }
        }
    }

    /// <summary>For an operator with one tensor as its result.</summary>
    internal torch.Tensor Call(params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(args, &result, 1);
        return Required(in result);
    }

    /// <summary>
    /// For an operator without result, or one whose result is not needed; returns its first argument.
    /// </summary>
    internal torch.Tensor CallInPlace(params ReadOnlySpan<Arg> args)
    {
        CallVoid(args);
        return (torch.Tensor)args[0].Reference!;
    }

    /// <summary>For an operator without result, or one whose result is not needed.</summary>
    internal void CallVoid(params ReadOnlySpan<Arg> args)
    {
        NativeValue unused;
        Invoke(args, &unused, 0);
    }

    /// <summary>For two results; one that torch leaves undefined is null.</summary>
    internal (torch.Tensor, torch.Tensor) Call2(params ReadOnlySpan<Arg> args)
    {
        NativeValue* results = stackalloc NativeValue[2];
        Invoke(args, results, 2);
        return (Optional(in results[0]), Optional(in results[1]));
    }

    /// <summary>For three results; one that torch leaves undefined is null.</summary>
    internal (torch.Tensor, torch.Tensor, torch.Tensor) Call3(params ReadOnlySpan<Arg> args)
    {
        NativeValue* results = stackalloc NativeValue[3];
        Invoke(args, results, 3);
        return (Optional(in results[0]), Optional(in results[1]), Optional(in results[2]));
    }

    /// <summary>For a list of tensors.</summary>
    internal torch.Tensor[] CallList(params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(args, &result, 1);
        if (result.Tag != ArgTag.TensorList) throw Unexpected("a list of tensors", result.Tag);
        // Copied before the first tensor object is made: whatever runs then may call torch and reuse the native array.
        var handles = new ReadOnlySpan<nint>(result.Pointer, result.Length).ToArray();
        var tensors = new torch.Tensor[handles.Length];
        for (int i = 0; i < tensors.Length; i++) tensors[i] = new torch.Tensor(handles[i]);
        return tensors;
    }

    /// <summary>For a number or truth value that torch returns as an int.</summary>
    internal long CallLong(params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(args, &result, 1);
        return result.Tag is ArgTag.Int or ArgTag.Bool ? result.Int : throw Unexpected("an integer", result.Tag);
    }

    /// <summary>For a truth value.</summary>
    internal bool CallBool(params ReadOnlySpan<Arg> args) => CallLong(args) != 0;

    /// <summary>For a number of any kind.</summary>
    internal Scalar CallScalar(params ReadOnlySpan<Arg> args)
    {
        NativeValue result;
        Invoke(args, &result, 1);
        return result.Tag switch
        {
            ArgTag.Int => result.Int,
            ArgTag.Bool => result.Int != 0,
            ArgTag.Double => result.Double,
            _ => throw Unexpected("a number", result.Tag),
        };
    }

    [SkipLocalsInit]
    private void Invoke(ReadOnlySpan<Arg> args, NativeValue* results, int maxResults)
    {
        nint handle = op != 0 ? op : Resolve();
        NativeValue* values = stackalloc NativeValue[args.Length];
        int scratchBytes = 0;
        for (int i = 0; i < args.Length; i++) scratchBytes += args[i].ScratchBytes;

        byte* onStack = stackalloc byte[StackScratch];
        byte* scratch = scratchBytes <= StackScratch ? onStack : (byte*)NativeMemory.Alloc((nuint)scratchBytes);
        int status;
        try
        {
            byte* free = scratch;
            for (int i = 0; i < args.Length; i++)
            {
                values[i].Length = 0;
                free = args[i].Write(values + i, free);
            }
            status = NativeApi.kd_call(handle, values, args.Length, results, maxResults);
        }
        finally
        {
            if (scratch != onStack) NativeMemory.Free(scratch);
        }
        // The native side holds raw pointers until it returns, so no finaliser may run before.
        for (int i = 0; i < args.Length; i++) GC.KeepAlive(args[i].Reference);
        if (status < 0) NativeApi.ThrowLastError();
    }

    private torch.Tensor Required(in NativeValue result) =>
        result.Tag == ArgTag.Tensor && result.Pointer != null
            ? new torch.Tensor((nint)result.Pointer)
            : throw Unexpected("a tensor", result.Tag);

    private torch.Tensor Optional(in NativeValue result)
    {
        if (result.Tag is not (ArgTag.Tensor or ArgTag.None)) throw Unexpected("a tensor", result.Tag);
        return result.Pointer == null ? null! : new torch.Tensor((nint)result.Pointer);
    }

    private InvalidOperationException Unexpected(string expected, ArgTag actual) =>
        new($"aten::{name}: expected {expected} but got {actual}.");

    private nint Resolve()
    {
        if (op != 0) return op;
        byte[] operatorName = Encoding.UTF8.GetBytes($"aten::{name}\0");
        byte[] overloadName = Encoding.UTF8.GetBytes($"{overload}\0");
        fixed (byte* n = operatorName, o = overloadName) op = NativeApi.kd_op_find(n, o);
        if (op == 0) NativeApi.ThrowLastError();
        return op;
    }
}
