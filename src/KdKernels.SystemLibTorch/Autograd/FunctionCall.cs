using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>A custom function without its type parameter.</summary>
internal interface IFunction
{
    string Name { get; }

    List<torch.Tensor> Forward(torch.autograd.AutogradContext context, object[] arguments);

    List<torch.Tensor> Backward(torch.autograd.AutogradContext context, List<torch.Tensor> gradients);
}

/// <summary>
/// One call of a custom function: the managed state behind a node of torch's graph. Native code holds it by a GCHandle
/// and drops that when the node goes. Callbacks may come on any thread, so nothing here is per thread.
/// </summary>
internal sealed unsafe class FunctionCall
{
    private static readonly Lazy<bool> Registered = new(Register);

    private readonly IFunction function;
    private readonly bool[] isTensor;
    private readonly torch.autograd.AutogradContext context = new();
    private object[]? arguments;
    private List<torch.Tensor>? outputs;
    private Exception? failure;

    private FunctionCall(IFunction function, object[] arguments)
    {
        this.function = function;
        this.arguments = arguments;
        isTensor = new bool[arguments.Length];
    }

    internal static List<torch.Tensor> Apply(IFunction function, object[] arguments)
    {
        _ = Registered.Value;
        return new FunctionCall(function, arguments).Run();
    }

    private List<torch.Tensor> Run()
    {
        object[] given = arguments!;
        nint* inputs = stackalloc nint[given.Length];
        int inputCount = 0;
        for (int i = 0; i < given.Length; i++)
        {
            if (given[i] is not torch.Tensor { IsInvalid: false } tensor) continue;
            isTensor[i] = true;
            inputs[inputCount++] = tensor.Handle;
        }

        nint* results;
        int count;
        nint state = GCHandle.ToIntPtr(GCHandle.Alloc(this));
        int status = NativeApi.kd_function_apply(state, inputs, inputCount, &results, &count);
        GC.KeepAlive(given);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        NativeApi.Check(status);
        return Wrap(new ReadOnlySpan<nint>(results, count));
    }

    /// <summary>
    /// The results as tensors. Torch mostly gives back what forward made, now with a graph node: then forward's own
    /// object is returned, and no second reference waits for the collector.
    /// </summary>
    private List<torch.Tensor> Wrap(ReadOnlySpan<nint> native)
    {
        nint[] handles = native.ToArray();
        List<torch.Tensor> made = outputs!;
        outputs = null;
        var wrapped = new List<torch.Tensor>(handles.Length);
        for (int i = 0; i < handles.Length; i++)
        {
            if (handles[i] == 0)
            {
                wrapped.Add(null!);
            }
            else if (made[i] is { IsInvalid: false } own && own.Handle == handles[i] && !Has(wrapped, own))
            {
                NativeApi.kd_release(handles[i]);
                wrapped.Add(own);
            }
            else
            {
                wrapped.Add(new torch.Tensor(handles[i]));
            }
        }
        return wrapped;
    }

    /// <summary>By identity: tensors compare by their elements.</summary>
    private static bool Has(List<torch.Tensor> tensors, torch.Tensor tensor)
    {
        foreach (torch.Tensor other in tensors)
        {
            if (ReferenceEquals(other, tensor)) return true;
        }
        return false;
    }

    private void RunForward(nint frame)
    {
        object[] given = arguments!;
        arguments = null;
        outputs = function.Forward(context, given);
        foreach (torch.Tensor output in outputs)
        {
            // Torch would go on and read a result that is not there.
            if (output is null || output.IsInvalid)
                throw new InvalidOperationException($"expected tensors as results of {function.Name} but got null.");
        }
        WithHandles(outputs, frame, &NativeApi.kd_frame_set_outputs);
        if (context.ToSave.Count > 0) WithHandles(context.ToSave, frame, &NativeApi.kd_frame_save);
        if (context.Dirty.Count > 0 || context.Constant.Count > 0 || !context.MaterializeGrads)
        {
            nint[] dirty = Handles(context.Dirty), constant = Handles(context.Constant);
            fixed (nint* d = dirty, c = constant)
            {
                NativeApi.Check(NativeApi.kd_frame_mark(
                    frame, d, dirty.Length, c, constant.Length, context.MaterializeGrads ? 1 : 0));
            }
            GC.KeepAlive(context);
        }
        context.EndForward();
    }

    private void RunBackward(nint frame)
    {
        // Frees the incoming gradients and what backward hands out, once native code has its own references.
        using DisposeScope scope = torch.NewDisposeScope();
        int count = NativeApi.kd_frame_input_count(frame);
        var incoming = new List<torch.Tensor>(count);
        for (int i = 0; i < count; i++)
        {
            nint handle = NativeApi.kd_frame_input(frame, i);
            incoming.Add(handle == 0 ? torch.Tensor.Undefined() : new torch.Tensor(handle));
        }
        List<torch.Tensor> gradients;
        // Two threads may run one retained graph; the frame in the context is the call's own.
        lock (context)
        {
            context.BackwardFrame = frame;
            try
            {
                gradients = function.Backward(context, incoming);
            }
            finally
            {
                context.BackwardFrame = 0;
            }
        }
        WithHandles(ForTensors(gradients), frame, &NativeApi.kd_frame_set_outputs);
    }

    /// <summary>The gradients of the arguments that are tensors.</summary>
    private List<torch.Tensor> ForTensors(List<torch.Tensor> gradients)
    {
        for (int i = isTensor.Length; i < gradients.Count; i++)
        {
            if (gradients[i] is { IsInvalid: false }) throw WrongCount(gradients.Count);
        }
        if (gradients.Count < isTensor.Length) throw WrongCount(gradients.Count);
        var kept = new List<torch.Tensor>(isTensor.Length);
        for (int i = 0; i < isTensor.Length; i++)
        {
            if (isTensor[i]) kept.Add(gradients[i]);
            else if (gradients[i] is { IsInvalid: false })
                throw new InvalidOperationException(
                    $"expected null as the gradient of argument {i}, which is no tensor, but got a tensor.");
        }
        return kept;
    }

    private InvalidOperationException WrongCount(int count) =>
        new($"expected {isTensor.Length} gradients, one per argument of forward, but got {count}.");

    private static void WithHandles(List<torch.Tensor> tensors, nint frame, delegate*<nint, nint*, int, int> receiver)
    {
        nint[] handles = Handles(tensors);
        fixed (nint* h = handles) NativeApi.Check(receiver(frame, h, handles.Length));
        GC.KeepAlive(tensors);
    }

    private static nint[] Handles(List<torch.Tensor> tensors)
    {
        nint[] handles = new nint[tensors.Count];
        for (int i = 0; i < handles.Length; i++)
            handles[i] = tensors[i] is { IsInvalid: false } tensor ? tensor.Handle : 0;
        return handles;
    }

    private static bool Register()
    {
        NativeApi.FunctionTable table = new() { Forward = &OnForward, Backward = &OnBackward, Drop = &OnDrop };
        NativeApi.kd_function_register(&table);
        return true;
    }

    [UnmanagedCallersOnly]
    private static void OnForward(nint state, nint frame)
    {
        var call = (FunctionCall)GCHandle.FromIntPtr(state).Target!;
        try
        {
            call.RunForward(frame);
        }
        catch (Exception e)
        {
            // Forward runs on the caller's stack, which rethrows the exception itself.
            call.failure = e;
            Fail(frame, e.Message, null);
        }
    }

    [UnmanagedCallersOnly]
    private static void OnBackward(nint state, nint frame)
    {
        var call = (FunctionCall)GCHandle.FromIntPtr(state).Target!;
        try
        {
            call.RunBackward(frame);
        }
        catch (Exception e)
        {
            Fail(frame, $"{call.function.Name} threw {e.GetType().Name} in backward: {e.Message}", e);
        }
    }

    [UnmanagedCallersOnly]
    private static void OnDrop(nint handle) => GCHandle.FromIntPtr(handle).Free();

    private static void Fail(nint frame, string message, Exception? cause)
    {
        nint handle = cause is null ? 0 : GCHandle.ToIntPtr(GCHandle.Alloc(cause));
        fixed (byte* text = Encoding.UTF8.GetBytes(message + "\0")) NativeApi.kd_frame_fail(frame, text, handle);
    }
}
