; The installer for Windows: for one user, without administrator's rights. Compiled by packaging/windows/dist with
; -DVERSION= (text), -DVERSION4= (four numbers), -DFROM= (folder of the two programs), -DICON= and -DOUTPUT= (files).
;
; Silent: setup.exe /S [/LOGIN] [/NOPATH] [/D=C:\folder]     uninstall.exe /S [/DELETEDATA]

Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
RequestExecutionLevel user
ManifestDPIAware true
ManifestSupportedOS Win10

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WinMessages.nsh
!include x64.nsh

!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\queuectl"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define PATIENCE 60 ; half seconds, in which programs that run have to end

Name "queuectl"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\queuectl"
InstallDirRegKey HKCU "${UNINSTALL_KEY}" "InstallLocation"
ShowInstDetails nevershow
ShowUninstDetails nevershow

VIProductVersion "${VERSION4}"
VIAddVersionKey ProductName "queuectl"
VIAddVersionKey ProductVersion "${VERSION}"
VIAddVersionKey FileVersion "${VERSION}"
VIAddVersionKey FileDescription "Installs queuectl, a durable job queue in the system tray"
VIAddVersionKey LegalCopyright "MIT licence"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\queuectl-tray.exe"
!define MUI_FINISHPAGE_RUN_TEXT "Start queuectl now"
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE English

; The PATH may be longer than the 1,024 characters that a variable here holds, and one that is cut off harms other
; programs. So it is read, searched and written in memory of its own. A variable named $R0 - $R9 is kept by neither.
!macro EditPath un
; Take a folder out of the user's PATH, and with "add" put it at its end. Stack: "add" or "remove", then the folder.
Function ${un}EditPath
    Exch $0 ; what to do
    Exch
    Exch $1 ; the folder
    System::Call 'advapi32::RegCreateKeyExW(p 0x80000001, w "Environment", i 0, p 0, i 0, i 3, p 0, *p .R1, p 0) i .R0'
    ${If} $R0 <> 0
        Goto done
    ${EndIf}
    StrCpy $R2 2 ; REG_EXPAND_SZ, where there is no PATH yet
    StrCpy $R3 0
    System::Call 'advapi32::RegQueryValueExW(p R1, w "Path", p 0, *i .R2, p 0, *i .R3) i .R0'
    IntOp $R4 $R3 + 4096
    System::Alloc $R4
    Pop $R5 ; the text between two semicolons of its own
    System::Call 'kernel32::lstrcpyW(p R5, w ";")'
    ${If} $R0 = 0
        IntPtrOp $R6 $R5 + 2
        System::Call 'advapi32::RegQueryValueExW(p R1, w "Path", p 0, p 0, p R6, *i R3) i .R0'
        ${If} $R0 <> 0
            Goto free
        ${EndIf}
    ${ElseIf} $R0 <> 2 ; it is there, and cannot be read: then it stays as it is
        Goto free
    ${Else}
        StrCpy $R2 2
    ${EndIf}
    System::Call 'kernel32::lstrcatW(p R5, w ";")'
    StrLen $R7 $1
    IntOp $R7 $R7 + 1
    IntOp $R7 $R7 * 2 ; bytes of ";folder"
    ${Do}
        System::Call 'shlwapi::StrStrIW(p R5, w ";$1;") p .R6'
        ${If} $R6 P= 0
            ${ExitDo}
        ${EndIf}
        IntPtrOp $R8 $R6 + $R7
        System::Call 'kernel32::lstrlenW(p R8) i .R9'
        IntOp $R9 $R9 + 1
        IntOp $R9 $R9 * 2
        System::Call 'kernel32::RtlMoveMemory(p R6, p R8, p R9)'
    ${Loop}
    ${If} $0 == "add"
        System::Call 'kernel32::lstrlenW(p R5) i .R9'
        ${If} $R9 = 2 ; nothing but the two semicolons
            System::Call 'kernel32::lstrcpyW(p R5, w ";")'
        ${EndIf}
        System::Call 'kernel32::lstrcatW(p R5, w "$1;")'
    ${EndIf}
    ; Without the semicolons at the ends.
    System::Call 'kernel32::lstrlenW(p R5) i .R9'
    IntOp $R9 $R9 - 1
    IntOp $R3 $R9 * 2
    IntPtrOp $R6 $R5 + $R3
    System::Call 'kernel32::RtlZeroMemory(p R6, p 2)'
    IntPtrOp $R6 $R5 + 2
    System::Call 'advapi32::RegSetValueExW(p R1, w "Path", i 0, i R2, p R6, i R3) i .R0'
free:
    System::Free $R5
    System::Call 'advapi32::RegCloseKey(p R1)'
    SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
done:
    Pop $1
    Pop $0
FunctionEnd
!macroend
!insertmacro EditPath ""
!insertmacro EditPath "un."

!macro StopPrograms un
; Ask what runs to stop, for Windows replaces and deletes no program that runs; give up after a while.
Function ${un}StopPrograms
    ${IfNot} ${FileExists} "$INSTDIR\queuectl.exe"
        Return
    ${EndIf}
    nsExec::Exec '"$INSTDIR\queuectl.exe" worker stop --all'
    Pop $0
    StrCpy $1 0
    ${Do}
        ClearErrors
        Delete "$INSTDIR\queuectl.exe"
        Delete "$INSTDIR\queuectl-tray.exe"
        ${IfNot} ${Errors}
            Return
        ${EndIf}
        Sleep 500
        IntOp $1 $1 + 1
    ${LoopUntil} $1 > ${PATIENCE}
    SetErrorLevel 1
    MessageBox MB_ICONSTOP|MB_OK "queuectl is still running. Quit it by its icon in the tray, then start this again." /SD IDOK
    Quit
FunctionEnd
!macroend
!insertmacro StopPrograms ""
!insertmacro StopPrograms "un."

Section "queuectl" section_programs
    SectionIn RO
    Call StopPrograms
    SetOutPath "$INSTDIR"
    File "${FROM}\queuectl.exe"
    File "${FROM}\queuectl-tray.exe"
    WriteUninstaller "$INSTDIR\uninstall.exe"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "queuectl"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\queuectl-tray.exe"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
    WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
    WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
    ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
    WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

Section "Start menu" section_menu
    CreateShortcut "$SMPROGRAMS\queuectl.lnk" "$INSTDIR\queuectl-tray.exe"
SectionEnd

Section "queuectl in PowerShell and cmd (PATH)" section_path
    Push "$INSTDIR"
    Push "add"
    Call EditPath
SectionEnd

Section /o "Start at login" section_login
    WriteRegStr HKCU "${RUN_KEY}" "queuectl" '"$INSTDIR\queuectl-tray.exe"'
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
    !insertmacro MUI_DESCRIPTION_TEXT ${section_programs} "The tray application and the command line."
    !insertmacro MUI_DESCRIPTION_TEXT ${section_menu} "An entry in the Start menu."
    !insertmacro MUI_DESCRIPTION_TEXT ${section_path} "Type queuectl in any shell that is opened from now on."
    !insertmacro MUI_DESCRIPTION_TEXT ${section_login} "Run jobs whenever you are logged in. The tray's menu can change that."
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
    ${IfNot} ${RunningX64}
        MessageBox MB_ICONSTOP|MB_OK "queuectl needs 64-bit Windows." /SD IDOK
        Abort
    ${EndIf}
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/LOGIN" $1
    ${IfNot} ${Errors}
        !insertmacro SelectSection ${section_login}
    ${EndIf}
    ClearErrors
    ${GetOptions} $0 "/NOPATH" $1
    ${IfNot} ${Errors}
        !insertmacro UnselectSection ${section_path}
    ${EndIf}
    ClearErrors
FunctionEnd

Section "un.queuectl" section_remove
    SectionIn RO
    Call un.StopPrograms
    Delete "$INSTDIR\uninstall.exe"
    RMDir "$INSTDIR" ; only when it is empty: it may be a folder with other things in it
    Delete "$SMPROGRAMS\queuectl.lnk"
    Push "$INSTDIR"
    Push "remove"
    Call un.EditPath
    DeleteRegValue HKCU "${RUN_KEY}" "queuectl"
    DeleteRegKey HKCU "${UNINSTALL_KEY}"
SectionEnd

Section /o "un.The queue too: jobs, history, logs, settings" section_data
    RMDir /r "$LOCALAPPDATA\queuectl"
SectionEnd

Function un.onInit
    ${GetParameters} $0
    ClearErrors
    ${GetOptions} $0 "/DELETEDATA" $1
    ${IfNot} ${Errors}
        !insertmacro SelectSection ${section_data}
    ${EndIf}
    ClearErrors
FunctionEnd
