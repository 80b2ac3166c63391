namespace KdKernels.Core;

/// <summary>The driver's <c>CUresult</c>: the values that there is something to say about.</summary>
internal enum CudaResult
{
    Success = 0,
    OutOfMemory = 2,
    InvalidPtx = 218,
    UnsupportedPtxVersion = 222,
    IllegalAddress = 700,
    LaunchTimeout = 702,
    HardwareStackError = 714,
    IllegalInstruction = 715,
    MisalignedAddress = 716,
    InvalidAddressSpace = 717,
    InvalidProgramCounter = 718,
    LaunchFailed = 719,
    CaptureUnsupported = 900,
    CaptureInvalidated = 901,
    CaptureImplicit = 906,
}
